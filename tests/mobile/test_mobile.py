"""The iPhone app where there is no Xcode: its Swift built, tested, parsed and linted, its project file resolved."""

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from kit.data.loading import load
from kit.exporting.proof import verify
from kit.reading.frames import rounded
from kit.reading.labelled_photographs import judge
from kit.reading.reader import Reader, open_reader
from kit.task import CAMERA

MOBILE = Path(__file__).parents[2] / "mobile"
KIT, APP, PROJECT = MOBILE / "DigitKit", MOBILE / "DigitCamera", MOBILE / "DigitCamera.xcodeproj" / "project.pbxproj"
SWIFT = shutil.which("swift")
needs_swift = pytest.mark.skipif(
    SWIFT is None, reason="no Swift toolchain on this machine: no Swift is built or parsed"
)
BUNDLED, CARD = APP / "Model" / "DigitCamera.mlpackage", MOBILE / "MODEL.md"
PHOTOS = os.environ.get("KIT_PHOTOS")  # a folder with digits/KIND/LABEL/ and background/KIND/
IOS_OF_SPECIFICATION = {6: 15, 7: 16, 8: 17, 9: 18}  # of an ML program


def swift(*arguments: object, cwd: Path = KIT) -> subprocess.CompletedProcess[str]:
    command = [str(SWIFT), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900)


# Python's side of the parity


def golden() -> Any:
    sys.path.insert(0, str(MOBILE))
    try:
        import golden
    finally:
        sys.path.remove(str(MOBILE))
    return golden


def same(one: Any, other: Any) -> bool:
    """Equal but for the last digits of a number, which another processor may round otherwise."""
    if isinstance(one, float) or isinstance(other, float):
        return one == pytest.approx(other, rel=1e-12, abs=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other and type(one) is type(other)


def test_the_golden_files_are_what_the_code_says() -> None:
    written = golden().files()
    assert {path.name for path in golden().FOLDER.iterdir()} == set(written)
    for name, text in written.items():
        kept = json.loads((golden().FOLDER / name).read_text(encoding="utf-8"))
        assert same(json.loads(text), kept), f"{name} is out of date: python mobile/golden.py writes it again"


def test_the_comparison_of_golden_files_sees_a_changed_digit() -> None:
    decisions = json.loads((golden().FOLDER / "decisions.json").read_text())
    changed = json.loads(json.dumps(decisions))
    changed[3]["expected"][7][4] += 1e-6
    assert same(decisions, decisions) and not same(decisions, changed)


# Swift


@needs_swift
def test_the_package_builds_passes_its_tests_and_agrees_with_python() -> None:
    built = swift("build", "--quiet")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "warning:" not in built.stdout + built.stderr
    tested = swift("test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    count = int(re.findall(r"Test run with (\d+) tests in \d+ suites passed", tested.stdout)[0])
    declared = sum(path.read_text().count("@Test") for path in (KIT / "Tests").rglob("*.swift"))
    assert count == declared > 60
    parity = re.findall(r"parity: \d+ (\w+)", tested.stdout)  # tests print at once, one within another's line
    assert sorted(parity) == ["centred", "contracts", "crops", "drawings", "sequences"], tested.stdout


def app_files() -> list[Path]:
    return sorted(APP.rglob("*.swift"))


@needs_swift
def test_every_file_of_the_app_parses(tmp_path: Path) -> None:
    def parsed(path: Path) -> subprocess.CompletedProcess[str]:
        command = [str(shutil.which("swiftc")), "-frontend", "-parse", "-swift-version", "6", str(path)]
        return subprocess.run(command, capture_output=True, text=True)

    assert len(app_files()) >= 8
    for path in app_files():
        finished = parsed(path)
        assert finished.returncode == 0, finished.stderr
    broken = tmp_path / "Broken.swift"
    broken.write_text(app_files()[0].read_text().rstrip().removesuffix("}"))
    assert parsed(broken).returncode != 0


@pytest.mark.skipif(shutil.which("xcodebuild") is None, reason="no Xcode on this machine: the app is not built")
def test_the_app_builds(tmp_path: Path) -> None:
    command = ["xcodebuild", "build", "-quiet", "-project", str(PROJECT.parent), "-scheme", "DigitCamera"]
    command += ["-destination", "generic/platform=iOS Simulator", "-derivedDataPath", str(tmp_path)]
    finished = subprocess.run([*command, "CODE_SIGNING_ALLOWED=NO"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-5000:]


FRAMEWORKS = (  # each after those that it imports
    "AppleFoundation", "CoreVideo", "QuartzCore", "CoreML", "AVFoundation", "UIKit", "Accessibility",
    "UniformTypeIdentifiers", "AppIntents", "CoreTransferable", "SwiftUI", "PhotosUI",
)  # fmt: skip


def of_deployment_target(declarations: str) -> str:
    """Declarations of a framework with what is newer than the app's deployment target made unavailable.

    Swift on Linux takes no notice of availability on iOS.
    """

    def checked(found: re.Match[str]) -> str:
        newer = float(found[1]) > 17
        return f'@available(*, unavailable, message: "since iOS {found[1]}")' if newer else found[0]

    return re.sub(r"@available\(iOS (\d+(?:\.\d+)?), \*\)", checked, declarations)


def without_macros(source: str) -> str:
    """Previews as the functions that Apple's macro makes of them: Linux has no plug-in for it."""
    names = iter(range(len(source)))
    return re.sub(
        r'#Preview\(".+?"\) \{',
        lambda _: f"@MainActor @ViewBuilder private func preview{next(names)}() -> some View {{",
        source,
    )


PLANTED = {
    "a misspelt name": (
        "CameraView.swift", "model.toggleFreeze()", "model.toggleFrost()", "has no member 'toggleFrost'",
    ),
    "a call that is too new": (
        "CaptureCamera.swift", "session.startRunning()", "if session.supportsControls { session.startRunning() }",
        "'supportsControls' is unavailable: since iOS 18",
    ),
    "an enumeration of the SDK taken for complete": (
        "CaptureCamera.swift", "default: .refused", "case .restricted, .denied: .refused",
        "may have additional unknown values",
    ),
    "a view touched off the main actor": (
        "PreviewView.swift", "let angle = coordinator", "_ = self?.isAccessibilityElement; let angle = coordinator",
        "main actor-isolated property 'isAccessibilityElement'",
    ),
    "an intent that asks what only a newer system can tell": (
        "ReadDigit.swift", "picture.data)", "picture.data(contentType: .image))",
        "'data(contentType:)' is unavailable: since iOS 18",
    ),
    "an intent that gives something else than it says": (
        "ReadDigit.swift", "ReturnsValue<String?>", "ReturnsValue<Int>",
        "cannot convert value of type 'String?' to expected argument type 'Int'",
    ),
    "a preview of a screen that wants something else": (
        "Previews.swift", "PreviewHistory(labels: [])", "PreviewHistory(labels: 0)",
        "cannot convert value of type 'Int' to expected argument type '[String]'",
    ),
}  # fmt: skip


@needs_swift
@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has the frameworks themselves: Xcode builds the app")
def test_the_apps_types_fit_together(tmp_path: Path) -> None:
    """Compiled but for its code, in Swift 6 mode, against DigitKit itself and declarations of Apple's frameworks.

    That finds what is misspelt, too new, of the wrong type or on the wrong actor; not what Apple's frameworks mean
    otherwise than tests/apple declares them. As in the SDK, enumerations may get more cases (library evolution).
    """
    compiler = str(shutil.which("swiftc"))
    for module in FRAMEWORKS:
        source = tmp_path / f"{module}.swift"
        source.write_text(of_deployment_target((Path(__file__).parent / "apple" / source.name).read_text()))
        made = [compiler, "-emit-module", "-module-name", module, "-parse-as-library", "-swift-version", "5", "-I", "."]
        made += ["-enable-library-evolution", "-o", f"{module}.swiftmodule", str(source)]
        finished = subprocess.run(made, cwd=tmp_path, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
    assert swift("build", "--quiet").returncode == 0
    modules = Path(swift("build", "--show-bin-path").stdout.strip()) / "Modules"

    def checked(files: list[Path]) -> subprocess.CompletedProcess[str]:
        command = [compiler, "-emit-sil", "-wmo", "-o", os.devnull, "-parse-as-library", "-swift-version", "6"]
        command += ["-module-name", "DigitCamera"]
        command += ["-D", "DEBUG", "-I", str(tmp_path), "-I", str(modules), *map(str, files)]
        return subprocess.run(command, capture_output=True, text=True)

    whole, faulty = tmp_path / "whole", tmp_path / "faulty"
    whole.mkdir()
    for path in app_files():
        (whole / path.name).write_text(without_macros(path.read_text()))
    finished = checked(sorted(whole.iterdir()))
    assert finished.returncode == 0 and "warning:" not in finished.stderr, finished.stderr
    shutil.copytree(whole, faulty)
    for file, right, wrong, _ in PLANTED.values():
        text = (faulty / file).read_text()
        assert right in text, (file, right)
        (faulty / file).write_text(text.replace(right, wrong))
    said = checked(sorted(faulty.glob("*.swift"))).stderr
    assert [name for name, (*_, message) in PLANTED.items() if message not in said] == [], said


def test_every_screen_has_a_preview() -> None:
    previews = (APP / "Previews.swift").read_text()
    app = (APP / "DigitCameraApp.swift").read_text()
    screens = set(re.findall(r"(\w+View)\(", app)) - {"TabView"} | {"ModelCardSheet"}
    assert len(screens) == 6 and all(f"{screen}(" in previews for screen in screens)
    assert previews.startswith("#if DEBUG\n") and previews.endswith("#endif\n")  # not in what is shipped


@needs_swift
def test_all_swift_is_formatted(tmp_path: Path) -> None:
    folders = [APP, KIT / "Sources", KIT / "Tests"]
    linted = swift("format", "lint", "--strict", "--recursive", *folders, cwd=MOBILE)
    assert linted.returncode == 0, linted.stderr
    careless = tmp_path / "Careless.swift"
    careless.write_text("let first = [1].first!\n")
    configuration = ["--configuration", MOBILE / ".swift-format"]
    assert swift("format", "lint", "--strict", *configuration, careless, cwd=MOBILE).returncode != 0


def test_the_package_needs_no_apple_framework_and_nobody_elses_code() -> None:
    imported = {
        name
        for path in (KIT / "Sources").rglob("*.swift")
        for name in re.findall(r"^(?:@\w+ )?import (\w+)", path.read_text(), re.MULTILINE)
    }
    assert imported <= {"Foundation", "Observation", "DigitKit"}
    assert "url:" not in (KIT / "Package.swift").read_text()
    for path in [*(KIT / "Sources").rglob("*.swift"), *app_files()]:
        text = path.read_text()
        assert not re.search(r"try!|as!|fatalError|print\(", text), path


# The project


@pytest.fixture(scope="module")
def project() -> Any:
    from pbxproj import XcodeProject

    return XcodeProject.load(str(PROJECT))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The project as Xcode writes it again when a person chooses a team."""
    from pbxproj import XcodeProject

    path = tmp_path_factory.mktemp("signed") / PROJECT.name
    shutil.copy(PROJECT, path)
    project = XcodeProject.load(str(path))
    project.set_flags("DEVELOPMENT_TEAM", "ABCDE12345", target_name="DigitCamera")
    project.save()
    assert path.read_text().count("DEVELOPMENT_TEAM") == 2  # of Debug and of Release
    return XcodeProject.load(str(path))


@pytest.fixture(scope="module", params=["project", "signed"])
def either(request: pytest.FixtureRequest) -> Any:
    """The project as it is kept, and with a team: nothing that is tested here depends on who signs."""
    return request.getfixturevalue(request.param)


def test_every_reference_of_the_project_resolves(either: Any) -> None:
    text = Path(either._pbxproj_path).read_text()
    defined = set(re.findall(r"^\t\t([0-9A-F]{24})(?: /\*.*?\*/)? = \{", text, re.MULTILINE))
    used = re.findall(r"\b[0-9A-F]{24}\b", text)
    assert defined == set(used) == set(either.objects.get_keys())
    assert all(used.count(name) >= 2 for name in defined)  # nothing is defined for nothing
    assert either.rootObject == either.objects.get_objects_in_section("PBXProject")[0].get_id()
    assert int(either.objectVersion) >= 77  # what knows synchronised folders


def test_the_target_has_the_folder_the_package_and_the_model(either: Any) -> None:
    project = either
    (target,) = project.objects.get_targets()
    (folder,) = [project.objects[name] for name in target.fileSystemSynchronizedGroups]
    assert (MOBILE / folder.path) == APP and folder.isa == "PBXFileSystemSynchronizedRootGroup"
    (package,) = project.objects.get_objects_in_section("XCLocalSwiftPackageReference")
    manifest = (MOBILE / package.relativePath / "Package.swift").read_text()
    products = {project.objects[name].productName for name in target.packageProductDependencies}
    assert products == set(re.findall(r'\.library\(name: "(\w+)"', manifest)) == {"DigitKit", "DigitFlow"}
    frameworks = [project.objects[name] for name in target.buildPhases]
    linked = [name for phase in frameworks if phase.isa == "PBXFrameworksBuildPhase" for name in phase.files]
    assert {project.objects[project.objects[name].productRef].productName for name in linked} == products


def settings_of(project: Any, name: str) -> dict[str, str]:
    """What holds for the target in a configuration: the project's settings and its own."""
    configurations = project.objects.get_objects_in_section("XCBuildConfiguration")
    return {
        key: getattr(one.buildSettings, key)
        for one in configurations
        if one.name == name
        for key in one.buildSettings.get_keys()
    }


@pytest.mark.parametrize("name", ["Debug", "Release"])
def test_the_settings_are_those_of_the_app(either: Any, name: str) -> None:
    settings = settings_of(either, name)
    assert "on this device alone" in settings["INFOPLIST_KEY_NSCameraUsageDescription"]
    assert settings["GENERATE_INFOPLIST_FILE"] == "YES"
    assert settings["SWIFT_VERSION"] == "6.0" and settings["COREML_CODEGEN_LANGUAGE"] == "None"
    assert settings["IPHONEOS_DEPLOYMENT_TARGET"] == "17.0"
    assert ".iOS(.v17)" in (KIT / "Package.swift").read_text()
    assert (APP / "Assets.xcassets" / f"{settings['ASSETCATALOG_COMPILER_APPICON_NAME']}.appiconset").is_dir()


@pytest.mark.parametrize("name", ["Debug", "Release"])
def test_what_xcode_warns_of_or_leaves_out_by_default_is_stated(either: Any, name: str) -> None:
    """The defaults are those of twenty years ago: header maps that every build warns of, no modules, no symbols."""
    settings = settings_of(either, name)
    assert settings["ALWAYS_SEARCH_USER_PATHS"] == "NO" and settings["CLANG_ENABLE_MODULES"] == "YES"
    assert settings["DEBUG_INFORMATION_FORMAT"] == {"Debug": "dwarf", "Release": "dwarf-with-dsym"}[name]
    assert settings["SKIP_INSTALL"] == "NO"  # else an archive is no app
    assert settings.get("VALIDATE_PRODUCT") == {"Debug": None, "Release": "YES"}[name]


def test_the_shared_scheme_builds_the_app_and_runs_the_packages_tests(either: Any) -> None:
    scheme = ElementTree.parse(PROJECT.parent / "xcshareddata" / "xcschemes" / "DigitCamera.xcscheme").getroot()
    (target,) = either.objects.get_targets()
    product = f"{target.name}.app"

    def references(path: str) -> set[tuple[str | None, ...]]:
        found = scheme.findall(f"{path}//BuildableReference")
        return {tuple(map(one.get, ("BlueprintIdentifier", "BuildableName", "ReferencedContainer"))) for one in found}

    app = {(target.get_id(), product, f"container:{PROJECT.parent.name}")}
    assert references("BuildAction") == references("LaunchAction") == references("ProfileAction") == app
    tests = re.findall(r'\.testTarget\(name: "(\w+)"', (KIT / "Package.swift").read_text())
    assert references("TestAction") == {(name, name, "container:DigitKit") for name in tests} and len(tests) == 2
    assert all(one.get("skipped") == "NO" for one in scheme.iter("TestableReference"))
    (archive,) = scheme.findall("ArchiveAction")
    assert archive.get("buildConfiguration") == "Release"


def test_the_bundle_identifier_is_free_for_everybody(project: Any, signed: Any) -> None:
    """The team makes it unique, as in Apple's samples, and a file of one's own may say both."""
    for name in ("Debug", "Release"):
        assert settings_of(project, name)["PRODUCT_BUNDLE_IDENTIFIER"] != "com.example.DigitCamera"
        assert settings_of(signed, name)["DEVELOPMENT_TEAM"] == "ABCDE12345"
    (base,) = {
        one.baseConfigurationReference
        for one in project.objects.get_objects_in_section("XCBuildConfiguration")
        if "baseConfigurationReference" in one
    }
    shared = MOBILE / project.objects[base].path
    lines = [line for line in shared.read_text().splitlines() if line and not line.startswith("//")]
    assert lines[-1] == '#include? "Local.xcconfig"'  # last, so that it has the last word; and it may be missing
    assert "DISAMBIGUATOR = ${DEVELOPMENT_TEAM}" in lines and not any("DEVELOPMENT_TEAM =" in line for line in lines)
    ignored = subprocess.run(["git", "check-ignore", "-q", "Local.xcconfig"], cwd=MOBILE)
    assert ignored.returncode == 0


def test_a_models_target_is_read_off_its_specification(tmp_path: Path) -> None:
    """The first field of Core ML's protobuf is its version, a varint."""
    package = tmp_path / "Any.mlpackage"
    file = package / "Data" / "com.apple.CoreML" / "model.mlmodel"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes([0x08, 8, 0x12, 0]))
    assert ios_of(package) == 17


def ios_of(package: Path) -> int:
    start = (package / "Data" / "com.apple.CoreML" / "model.mlmodel").read_bytes()[:2]
    assert start[0] == 0x08
    return IOS_OF_SPECIFICATION[start[1]]


def test_the_deployment_target_fits_every_bundled_model(project: Any) -> None:
    packages = sorted(APP.rglob("*.mlpackage"))
    assert BUNDLED in packages
    for package in packages:
        assert ios_of(package) <= float(settings_of(project, "Release")["IPHONEOS_DEPLOYMENT_TARGET"])


def test_the_folder_holds_nothing_that_would_break_the_build() -> None:
    """Whatever lies in a synchronised folder becomes part of the app."""
    kept = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "."], cwd=APP, capture_output=True, text=True
    )
    for name in kept.stdout.splitlines():
        top = Path(name).parts[0]
        known = top in {"Assets.xcassets", "Model", "PrivacyInfo.xcprivacy"}
        assert known or name.endswith((".swift", ".xcstrings")), name
        assert top != "Model" or Path(name).parts[1].endswith(".mlpackage"), name
    for folder in (MOBILE / "DigitCamera.xcodeproj").iterdir():
        assert folder.name in {"project.pbxproj", "project.xcworkspace", "xcshareddata", "xcuserdata"}, folder


def test_the_assets_and_the_privacy_file_are_whole() -> None:
    for path in APP.rglob("Contents.json"):
        for image in json.loads(path.read_text()).get("images", []):
            assert (path.parent / image["filename"]).exists()
    with Image.open(APP / "Assets.xcassets" / "AppIcon.appiconset" / "icon.png") as icon:
        assert icon.size == (1024, 1024) and icon.mode == "RGB"  # the store takes no transparency
    privacy = plistlib.loads((APP / "PrivacyInfo.xcprivacy").read_bytes())
    assert privacy["NSPrivacyTracking"] is False and privacy["NSPrivacyCollectedDataTypes"] == []


# The guide


def test_the_guide_names_every_file_that_no_machine_has_compiled() -> None:
    text = (MOBILE / "README.md").read_text(encoding="utf-8")
    table = {name: int(lines) for name, lines in re.findall(r"^\| `(\w+\.swift)` \| (\d+) \|", text, re.MULTILINE)}
    assert table == {path.name: len(path.read_text().splitlines()) for path in app_files()}


def test_whatever_the_guide_points_at_is_there() -> None:
    text = (MOBILE / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (MOBILE / path).exists(), path
    assert os.sep + "Users" not in text


def test_the_guides_table_of_states_names_tests_that_exist_and_its_figures_are_true() -> None:
    text = (MOBILE / "README.md").read_text(encoding="utf-8")
    tests = {
        name
        for path in (KIT / "Tests").rglob("*.swift")
        for name in re.findall(r"@Test(?:\(.*?\))?\s+func (\w+)", path.read_text())
    }
    states = "permission|camera|torch|model|threshold|digit|pad|picture|history|shortcut"
    rows = re.findall(rf"^\| (?:{states}): .*?\| (.*) \|$", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(rows) >= 18 and named <= tests, named - tests
    files = {name: json.loads(content) for name, content in golden().files().items()}
    frames = sum(len(case["frames"]) for case in files["decisions.json"])
    words = " ".join(text.split())
    assert f"Of {len(files['crops.json'])} crops" in words
    assert f"{len(files['drawings.json'])} drawings and {len(files['centred.json'])} centred squares" in words
    assert f"{len(files['decisions.json'])} sequences of probabilities give the same {frames:,} decisions" in words


# The model that ships


@pytest.fixture(scope="module")
def reader() -> Reader:
    return open_reader(BUNDLED)


def test_the_bundled_model_is_what_its_card_says() -> None:
    found, card = verify(BUNDLED), CARD.read_text(encoding="utf-8")
    contract = found.saved.contract
    assert found.problems == () and found.costs is not None
    assert (contract.labels, contract.background, contract.size) == (CAMERA.labels, "background", CAMERA.size)
    assert (contract.polarity, contract.crop, contract.input) == ("any", "box", "image")
    assert found.saved.size < 300_000 and found.costs.multiply_accumulates < 15_000_000
    for figure in (
        f"{found.saved.size:,} bytes", f"{found.costs.parameters:,} parameters",
        f"{found.costs.multiply_accumulates:,} multiply-accumulates", f"{contract.threshold:.4f}",
        f"{contract.validation_accuracy:.2%}", str(contract.compression),
    ):  # fmt: skip
        assert figure in card, figure


def on_paper(digit: np.ndarray | None, light: float, generator: np.random.Generator) -> np.ndarray:
    """A digit of the competition, 28 x 28, in the middle of a lit sheet of 400 x 400, or the sheet alone."""
    y, x = np.mgrid[:400, :400] / 400
    paper = light * (1 - 0.2 * x - 0.1 * y)
    ink = np.zeros((400, 400))
    if digit is not None:
        ink[90:310, 90:310] = np.asarray(Image.fromarray(digit).resize((220, 220), Image.Resampling.BICUBIC)) / 255
    return rounded(np.clip(paper * (1 - 0.7 * ink) + generator.normal(0, 4, ink.shape), 0, 255))


def test_the_bundled_model_reads_digits_and_is_silent_on_paper(reader: Reader, sample: Path) -> None:
    digits = load("train", sample)
    assert digits.labels is not None
    generator = np.random.default_rng(0)
    for invert in (False, True):
        sheets = [on_paper(image[..., 0], generator.uniform(120, 250), generator) for image in digits.images[:300]]
        sheets += [on_paper(None, generator.uniform(60, 250), generator) for _ in range(100)]
        squares = np.stack([reader.seen(255 - sheet if invert else sheet) for sheet in sheets])
        verdicts = [reader.verdict(probabilities) for probabilities in reader.read(squares)]
        right = [verdict == str(label) for verdict, label in zip(verdicts, digits.labels[:300], strict=False)]
        assert np.mean(right) >= 0.95 and verdicts[300:] == [None] * 100


def test_the_bundled_model_reads_photographs_as_its_card_says(reader: Reader) -> None:
    if not PHOTOS:
        pytest.skip("KIT_PHOTOS names no folder of photographs: the card's figures are not counted again")
    found, card = judge(reader, PHOTOS, fit="pad"), CARD.read_text(encoding="utf-8")
    for kind in found.digits:
        assert f"| {kind.kind} | {kind.photographs} | {kind.right} |" in card
    for background in found.backgrounds:
        name = background.kind + ", look-alikes" * background.lookalike
        assert f"| {name} | {background.photographs} | {background.false_alarms} |" in card
