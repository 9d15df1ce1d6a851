"""The page of limits says what the code has."""

import re
from pathlib import Path

from kit import stored
from kit.competition import limits
from kit.competition import log as submissions_log
from kit.data import cache, containers, csv_format, lines
from kit.exporting import portable, portable_graphs, shapes, tensors
from kit.importing import foreign_file, saved_model_folder
from kit.reading import decoding, zipped
from kit.run import keras_file, network_code
from kit.web import intake, server

PAGE = Path(__file__).parents[1] / "docs" / "limits.md"


def test_the_page_of_limits_says_what_the_code_has() -> None:
    rows = [line.split("|")[1:3] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    page = (Path(server.__file__).parent / "page.html").read_text(encoding="utf-8")
    said = {what.strip(): most.strip() for what, most in rows[1:]}
    assert said == {
        "a CSV, unpacked": f"{containers.TEXT >> 30} GiB, lines of {lines.LONGEST >> 20} MiB",
        "zip and gzip in one another": str(containers.DEPTH),
        "a submission": f"{csv_format.SUBMISSION // 10**6} MB",
        "`submissions/log.csv`": f"{submissions_log._LARGEST >> 20} MiB",
        "copies of parsed files in the cache": f"{cache._BYTES // 10**6} MB, those used least lately go",
        "a picture": (
            f"{decoding.MOST_BYTES // 10**6} MB, {decoding.MOST_PIXELS // 10**6} megapixels; "
            f"AVIF, HEIC, JPEG 2000 and WebP {decoding._MOST_PIXELS['AVIF'] // 10**6}"
        ),
        "a run's JSON files": f"{stored.SMALL >> 20} MiB each",
        "a network, exported or of a run": f"{tensors.LARGEST >> 20} MiB",
        "a network to import": f"{foreign_file._LARGEST >> 20} MiB",
        "a file that builds a network": f"{network_code._LARGEST >> 20} MiB",
        "a network's work for one picture": f"{shapes._MOST_WORK / 1e9:.1f} billion multiply-accumulates",
        "an answer of Kaggle's": (
            f"{limits.ANSWER >> 20} MiB; {limits.CONNECT:.0f} s to connect, {limits.SILENCE:.0f} s of silence"
        ),
        "a download from Kaggle": f"{limits.DOWNLOAD >> 30} GiB",
        "a zip of labelled photographs": f"{zipped.MOST_FILES:,} pictures, {zipped.MOST_BYTES // 10**9} GB unpacked",
        "a drawing sent to `kit serve`": f"{intake.LARGEST_DRAWING // 10**6} MB, {intake._MOST_POINTS:,} points",
        "a picture sent to `kit serve`": f"{server._LARGEST // 10**6} MB",
        "a square of one, or of a camera's frame": f"{intake.LARGEST_SIDE:,} pixels a side",
        "what its page keeps of what was read": f"{re.findall(r'const MOST = ([0-9]+);', page)[0]} squares",
    }
    assert tensors.LARGEST == portable._LARGEST == keras_file.LARGEST
    assert foreign_file._LARGEST == saved_model_folder._LARGEST
    assert shapes._MOST_WORK == portable_graphs._MOST_WORK
