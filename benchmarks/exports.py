"""Every run of a folder as {ML program in float32, in float16, neural network} x {no compression, ...}: one table.

    python benchmarks/exports.py RUNS DATA [NETWORK ...] > table.md

For each: bytes on disk, the largest difference of a probability from the network's, the share of validation rows with
the network's label, and the accuracy, all by what was read back from disk. About half an hour on 2 cores.
"""

import sys
import tempfile

from kit import runs
from kit.exporting.export import AUTO, export

FORMATS = [("mlprogram", "float32"), ("mlprogram", "float16"), ("neuralnetwork", "float32")]
COMPRESSIONS = [None, "palette8", "palette4", "int8", "prune75"]


def main(folder: str, data: str, *networks: str) -> None:
    print("| network | format | compression | bytes | largest difference | same label | accuracy |")
    print("|---|---|---|---:|---:|---:|---:|", flush=True)
    for run in sorted(runs(folder), key=lambda run: run.name):
        if networks and run.settings.arch not in networks:
            continue
        for format, precision in FORMATS:  # noqa: A001
            with tempfile.TemporaryDirectory() as to:
                made = export(
                    run, format=format, precision=precision, compress=AUTO, max_loss=100, data=data, to=to, name="model"
                )
            tried = {candidate.compression: candidate for candidate in made.tried}
            for compression in COMPRESSIONS:
                row = f"| `{run.settings.arch}` | {format} {precision} | {compression or 'none'} "
                if compression in tried:
                    proof = tried[compression].proof
                    row += (
                        f"| {tried[compression].size:,} | {proof.difference.largest:.1e} "
                        f"| {proof.difference.agreeing / proof.rows:.2%} | {proof.accuracy:.2%} |"
                    )
                else:
                    row += "| the format has none | | | |"
                print(row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
