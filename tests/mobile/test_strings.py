"""The words of the iPhone app: whatever a person reads or hears is in a catalog, ready for another language."""

import json
import plistlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

MOBILE = Path(__file__).parents[2] / "mobile"
APP, SOURCES = MOBILE / "DigitCamera", MOBILE / "DigitKit" / "Sources"
PROJECT = MOBILE / "DigitCamera.xcodeproj" / "project.pbxproj"
LOCALIZABLE, INFO, SHORTCUTS = (APP / f"{name}.xcstrings" for name in ("Localizable", "InfoPlist", "AppShortcuts"))
PREVIEWS = APP / "Previews.swift"  # whose words nobody but a developer sees

# Where a literal stands decides what it is: the source before it, without line breaks.
LOCALIZED = re.compile(
    r"(String\( ?localized: |\b(Text|Label|Button|Section|Picker|LabeledContent|IntentDescription|Summary)\( ?"
    r"|\.(navigationTitle|accessibilityLabel)\( ?|\b(title|shortTitle|requestValueDialog): "
    r"|: LocalizedStringResource = )$"
)
PHRASE = re.compile(r'phrases: \[ ?("[^"]*", ?)*$')
NEVER_SHOWN = re.compile(
    r"(systemImage(Name)?: (\S.* \? (\"[\w.]+\" : )?)?|[kK]ey: |\blabel: |supportedTypeIdentifiers: \["
    r"|\bfile\(|\.appendingPathComponent\(|separator: |featureValue\(for: |DescriptionsByName\[|case \.\w+: \("
    r"|static let own = |pathExtension == |defaultFilename: )$"
)
NUMBER = re.compile(r"(\.count|\.size|^Int\(.*\))$")  # what of the interpolated is a whole number, and may be counted


class Literal(NamedTuple):
    """A string of the source: what stands before it, and its key in a catalog."""

    before: str
    key: str


def literals(source: str) -> Iterator[Literal]:
    """Every string of a Swift file, those inside of interpolations too; comments are left out."""
    source = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda found: found[1] or "", source)
    at = 0
    while (start := source.find('"', at)) >= 0:
        quote = '"""' if source.startswith('"""', start) else '"'
        key, inside, at = read(source, start + len(quote), quote)
        yield Literal(re.sub(r"\s+", " ", source[max(start - 500, 0) : start]), key)
        for expression in inside:
            yield from literals(expression)


def read(source: str, at: int, quote: str) -> tuple[str, list[str], int]:
    """The key of the string that begins there, the expressions interpolated, and where it ends."""
    key, inside = "", []
    while not source.startswith(quote, at):
        if source.startswith("\\(", at):
            end = closing(source, at + 2)
            inside.append(source[at + 2 : end])
            key, at = key + placeholder(inside[-1]), end + 1
        else:
            step = 2 if source[at] == "\\" else 1
            key, at = key + source[at : at + step], at + step
    if quote == '"""':
        indentation = re.search(r"\n( *)$", key)
        assert indentation is not None
        key = re.sub(rf"^{indentation[1]}", "", key[1:], flags=re.MULTILINE).removesuffix("\n").replace("\\\n", "")
    return key.replace('\\"', '"'), inside, at + len(quote)


def placeholder(expression: str) -> str:
    """What a key has where the source interpolates."""
    if named := re.fullmatch(r"\.(applicationName)|\\\.\$(\w+)", expression):
        return f"${{{named[1] or named[2]}}}"
    return "%lld" if NUMBER.search(expression) else "%@"


def closing(source: str, at: int) -> int:
    """Where the bracket closes that was opened before."""
    depth = 1
    while depth:
        if source[at] == '"':
            at = read(source, at + 1, '"')[2]
            continue
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        at += 1
    return at - 1


@cache
def of(folder: Path) -> list[Literal]:
    files = [path.read_text() for path in sorted(folder.rglob("*.swift")) if path != PREVIEWS]
    return [found for source in files for found in literals(source)]


def catalog(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))["strings"])


def test_literals_are_found_with_their_keys() -> None:
    source = '''
    Text("a \\(x, format: .percent) b") // "no string"
    String(
        localized: """
            One, \\
            and \\(names.joined(separator: ", ").count) "two"
            """)
    '''
    found = list(literals(source))
    assert [one.key for one in found] == ["a %@ b", 'One, and %lld "two"', ", "]
    assert LOCALIZED.search(found[0].before) and LOCALIZED.search(found[1].before)
    assert not LOCALIZED.search(found[2].before)


def test_whatever_a_person_reads_or_hears_is_looked_up() -> None:
    for before, key in of(APP):
        known = [kind for kind in (LOCALIZED, PHRASE, NEVER_SHOWN) if kind.search(before)]
        assert len(known) == 1 or key in {"", " ", "–"}, (key, "is neither looked up nor never shown", before[-60:])
    for before, key in of(SOURCES):
        prose = re.search(r"[A-Za-z]{2,} [a-z]{2,}", key) and key != "white on black"  # as contracts have it
        assert bool(prose) <= bool(LOCALIZED.search(before)), key


def test_every_string_is_in_the_catalog_and_none_is_left_over() -> None:
    app = {key for before, key in of(APP) if LOCALIZED.search(before)}
    package = {key for before, key in of(SOURCES) if LOCALIZED.search(before)}
    kept = catalog(LOCALIZABLE)
    assert app | package == set(kept)
    # Xcode finds those of the app by itself, and would take the package's for left over.
    assert {key for key, entry in kept.items() if entry.get("extractionState") == "manual"} == package - app


def test_what_is_counted_has_its_plural_forms() -> None:
    counted = {"%lld frames a second", "Export %lld labelled pictures"}
    for key, entry in catalog(LOCALIZABLE).items():
        forms = entry.get("localizations", {}).get("en", {}).get("variations", {}).get("plural", {})
        assert set(forms) == ({"one", "other"} if key in counted else set()), key
        if forms:
            assert forms["other"]["stringUnit"]["value"] == key != forms["one"]["stringUnit"]["value"]


def test_the_info_catalog_says_in_english_what_the_project_says() -> None:
    for key, entry in catalog(INFO).items():
        (value,) = set(re.findall(rf'INFOPLIST_KEY_{key} = "?(.+?)"?;', PROJECT.read_text()))
        assert entry["localizations"]["en"]["stringUnit"]["value"] == value
    stated = set(re.findall(r"INFOPLIST_KEY_(\w+UsageDescription|CFBundleDisplayName) =", PROJECT.read_text()))
    assert set(catalog(INFO)) == stated


def test_what_is_said_to_siri_is_in_its_own_catalog() -> None:
    """By the first phrase of each shortcut; the app's name stands for itself."""
    phrases: list[list[str]] = []
    for before, key in of(APP):
        if found := PHRASE.search(before):
            phrases = [*phrases, [key]] if found[1] is None else [*phrases[:-1], [*phrases[-1], key]]
    assert all("${applicationName}" in phrase for one in phrases for phrase in one) and len(phrases) == 2
    kept = catalog(SHORTCUTS)
    assert {key: entry["localizations"]["en"]["stringSet"]["values"] for key, entry in kept.items()} == {
        one[0]: one for one in phrases
    }


@pytest.mark.parametrize("path", [LOCALIZABLE, INFO, SHORTCUTS], ids=lambda path: path.stem)
def test_a_catalog_is_written_as_xcode_writes_it(path: Path) -> None:
    """Else Xcode would write it anew at the first build."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert list(whole) == ["sourceLanguage", "strings", "version"]
    assert (whole["sourceLanguage"], whole["version"]) == ("en", "1.0")
    assert list(whole["strings"]) == sorted(whole["strings"], key=str.casefold)
    text = json.dumps(whole, indent=2, ensure_ascii=False, separators=(",", " : "))
    assert path.read_text(encoding="utf-8").rstrip("\n") == re.sub(r"^( *)(.*)\{\}", r"\1\2{\n\n\1}", text, flags=re.M)
    for key, entry in whole["strings"].items():
        assert set(entry) <= {"comment", "extractionState", "localizations"}, key
        assert entry.get("extractionState", "manual") in {"manual", "extracted_with_value"}, key


def test_the_catalogs_lie_where_the_project_takes_them_from() -> None:
    text = PROJECT.read_text()
    assert "path = DigitCamera;" in text and "membershipExceptions" not in text  # the folder, all of it
    assert "developmentRegion = en;" in text and "knownRegions = (en, Base);" in text
    assert text.count("LOCALIZATION_PREFERS_STRING_CATALOGS = YES;") == 2
    assert text.count("SWIFT_EMIT_LOC_STRINGS = YES;") == 2
    assert plistlib.loads((APP / "PrivacyInfo.xcprivacy").read_bytes())
