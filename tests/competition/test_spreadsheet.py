"""A table in the forms that spreadsheets save: read, and changed in its own form, with all other bytes as they were."""

import csv
import io
import random

import pytest

from kit.competition.spreadsheet import Table

ROWS = [["name", "part", "text"], ["a", "0.5", "x"], ["b", "", "two, or\nmore"], ["c", "0.25", 'said "ü"']]


def saved(separator: str = ",", newline: str = "\n", encoding: str = "utf-8", comma: bool = False) -> bytes:
    output = io.StringIO()
    rows = [[cell.replace(".", ",") if comma else cell for cell in row] for row in ROWS]
    csv.writer(output, delimiter=separator, lineterminator=newline).writerows(rows)
    return output.getvalue().encode(encoding)


FORMS = {
    "as it was written": (saved(), ",", "\n", "utf-8"),
    "CSV": (saved(newline="\r\n", encoding="cp1252"), ",", "\r\n", "cp1252"),
    "CSV UTF-8": (saved(newline="\r\n", encoding="utf-8-sig"), ",", "\r\n", "utf-8-sig"),
    "CSV Macintosh": (saved(newline="\r", encoding="latin-1"), ",", "\r", "latin-1"),
    "semicolons": (saved(";", "\r\n", "cp1252", comma=True), ";", "\r\n", "cp1252"),
    "sep=;": (b"sep=;\r\n" + saved(";", "\r\n", comma=True), ";", "\r\n", "utf-8"),
    "Text (Tab-delimited)": (saved("\t", "\r\n", "cp1252"), "\t", "\r\n", "cp1252"),
    "Unicode Text": (saved("\t", "\r\n", "utf-16"), "\t", "\r\n", "utf-16"),
}


def table(raw: bytes) -> Table:
    return Table(raw, ["name", "part", "text"], numbers=["part"])


@pytest.mark.parametrize("form", FORMS)
def test_a_line_is_added_in_the_tables_own_form_and_the_others_stay(form: str) -> None:
    raw, separator, newline, encoding = FORMS[form]
    read = table(raw)
    assert [row.texts["name"] for row in read.rows] == ["a", "b", "c"]
    assert read.rows[-1].texts["text"] == 'said "ü"'
    read.append({"name": "d", "part": 0.125, "text": "=é"})
    part = "0,125" if separator == ";" else "0.125"
    line = separator.join(["d", part, "'=é"]) + newline
    assert read.content() == raw + line.encode(encoding.replace("-sig", "") if encoding != "utf-16" else "utf-16-le")
    again = table(read.content()).rows[-1]
    assert again.texts == {"name": "d", "part": part, "text": "=é"}


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_line_changes_no_other(form: str) -> None:
    raw, separator, newline, encoding = FORMS[form]
    read = table(raw)
    [row] = [row for row in read.rows if row.texts["name"] == "b"]
    read.change(row, {"name": "b", "part": None, "text": "one"})
    old = separator.join(["b", "", '"two, or\nmore"']) + newline
    assert read.content().decode(encoding) == raw.decode(encoding).replace(
        old, separator.join(["b", "", "one"]) + newline
    )


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_every_text_comes_back_whole(newline: str) -> None:
    text = 'a\rb\nc\r\nd,"e";f\tg'
    read = table(f"name,part,text{newline}".encode())
    read.append({"name": "a", "part": 0.5, "text": text})
    assert [row.texts["text"] for row in table(read.content()).rows] == [text]


def test_what_its_owner_added_stays() -> None:
    raw = b"My runs,,,\nmine,TEXT, part ,name,\nyes,x,1,a,\n,,,,\nno,y,,b,,z"
    read = table(raw)
    read.change(next(row for row in read.rows if row.texts["name"] == "a"), {"name": "a", "part": 2, "text": None})
    read.append({"name": "d", "part": 3, "text": "w"})
    assert read.content() == b"My runs,,,\nmine,TEXT, part ,name,\nyes,x,2,a,\n,,,,\nno,y,,b,,z\n,w,3,d,\n"


def test_a_header_that_was_sorted_below_its_rows() -> None:
    read = table(b"a,1,x\nname,part,text\n")
    assert read.rows[0].texts == {"name": "a", "part": "1", "text": "x"}


def test_rows_that_a_spreadsheet_with_semicolons_took_for_single_cells() -> None:
    read = table(b'name,part,text;;\r\n"a,0.5,""x, y""";;\r\n')
    assert read.rows[0].texts["text"] == "x, y"


@pytest.mark.parametrize("raw", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_new_table(raw: bytes) -> None:
    assert table(raw).content() == raw.strip() + b"name,part,text\n"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"name,part\na,1\n", "no line of it names the columns name, part, text"),
        (b"a,1,x\n", "no line of it names"),
        (b"%PDF-1.7\x00\xff\n", "no line of it names"),
        (b'\nname,part,text\na,1,x\n\nb,2,"y\nc,3,z\n', "line 5 is broken, perhaps a quotation mark"),
        (b"\xff\xfeabc", "it is no text"),
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        table(raw)


PIECES = [
    b"\r",
    b"\n",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"sep=;\n",
    b"name,part,text\n",
]


def test_whatever_is_cut_from_a_file_or_put_into_it_changes_leave_the_rest_as_it_was_read() -> None:
    chance, read = random.Random(0), 0
    for _ in range(500):
        raw = bytearray(chance.choice(list(FORMS.values()))[0])
        for _ in range(chance.randint(0, 4)):
            place = chance.randrange(len(raw))
            raw[place : place + chance.choice([0, 0, 1, 8])] = chance.choice([b"", *PIECES])
        try:
            before = table(bytes(raw))
        except ValueError:
            continue
        read += 1
        before.append({"name": "d", "part": 0.5, "text": '=x\n"y"'})
        after = table(before.content()).rows
        assert before.content().startswith(raw), raw
        assert [row.texts for row in after[:-1]] == [row.texts for row in before.rows], raw
        assert (after[-1].texts["name"], after[-1].texts["text"]) == ("d", '=x\n"y"'), raw
    assert 100 < read < 500
