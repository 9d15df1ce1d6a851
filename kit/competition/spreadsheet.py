"""A table as spreadsheets save it: read in any of their forms, and changed line by line in the form that it has."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kit.cells import harmless, text_of
from kit.competition.encodings import Encoding, decode

Value = str | int | float | None

_SEPARATORS = ",;\t|"
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the file's lines from `start` to before `end`, its cells, and the texts of all columns by their names."""

    start: int
    end: int
    cells: list[str]
    texts: dict[str, str] = field(default_factory=dict)


class Table:
    """The rows of a CSV below, or wherever sorting moved it, the row that names its columns.

    It may be in UTF-8 or UTF-16, with a byte order mark or without, or in an encoding of Windows; separated by commas,
    semicolons, tabs or bars; with a first line such as `sep=;`, with decimal commas, and with columns and rows of its
    owner's. Whatever is not changed keeps its bytes.

    Args:
        raw: The file's bytes; a table of `columns` begins where there are none.
        columns: The names that it must have, in any order.
        numbers: Those of them with fractions, which may have a decimal comma.

    Raises:
        ValueError: It cannot be read as such a table; the message says where.
    """

    def __init__(self, raw: bytes, columns: Sequence[str], numbers: Sequence[str] = ()) -> None:
        try:
            text, self._encoding = decode(raw)
        except UnicodeDecodeError as error:
            raise ValueError("it is no text") from error
        self._separator, self._newline, self._decimal_comma = ",", "\n", False
        self._lines = list(io.StringIO(text, newline=""))
        self.rows: list[Row] = []
        if text.strip():
            self._read(columns, numbers)
        else:
            self._names, self._lines = list(columns), []
            self._lines = [self._line(columns)]

    @property
    def encoding(self) -> Encoding:
        """How the file is encoded."""
        return self._encoding

    def append(self, values: Mapping[str, Value]) -> None:
        """Adds a row of these values; the other columns' cells stay empty."""
        if self._lines and not self._lines[-1].endswith(("\n", "\r")):
            self._lines[-1] += self._newline
        self._lines.append(self._line([self._cell(values.get(name)) for name in self._names]))

    def change(self, row: Row, values: Mapping[str, Value]) -> None:
        """Puts the values that are not None into the row's place; its other cells stay."""
        old = [*row.cells, *[""] * (len(self._names) - len(row.cells))]
        new = [self._cell(values[name]) if values.get(name) is not None else "" for name in self._names]
        cells = [after or before for before, after in zip(old, new, strict=False)] + old[len(new) :]
        # The lines behind keep their numbers.
        self._lines[row.start : row.end] = [self._line(cells), *[""] * (row.end - row.start - 1)]

    def content(self) -> bytes:
        """The file's bytes.

        Raises:
            UnicodeEncodeError: A value has characters that the file's encoding does not have.
        """
        return self._encoding.encode("".join(self._lines))

    def _read(self, columns: Sequence[str], numbers: Sequence[str]) -> None:
        told = re.fullmatch(r"sep=([,;\t|])", self._lines[0].strip("\r\n"))
        for self._separator in told[1] if told else _SEPARATORS:
            header, others = self._header_and_others(set(columns), after=1 if told else 0)
            if header is not None:
                break
        else:
            raise ValueError(f"no line of it names the columns {', '.join(columns)}")
        names = _names(header)
        self._names = [name if names.index(name) == place else "" for place, name in enumerate(names)]
        self._newline = next((match[0] for line in self._lines if (match := re.search(r"[\r\n]+$", line))), "\n")
        self.rows = [self._named(row) for row in others]
        fractions = (row.texts[name] for row in self.rows for name in numbers)
        self._decimal_comma = any(map(_DECIMAL_COMMA.fullmatch, fractions))

    def _header_and_others(self, columns: set[str], after: int) -> tuple[Row | None, list[Row]]:
        """The first row that names all columns, None where the separator is another, and the other rows."""
        header, others, start = None, [], after
        reader = csv.reader(self._lines[after:], delimiter=self._separator, strict=True)
        try:
            for cells in reader:
                row = Row(start, after + reader.line_num, self._separated(cells))
                start = row.end
                if header is None and columns <= set(_names(row)):
                    header = row
                elif any(cells):
                    others.append(row)
        except csv.Error as error:
            if header is not None:
                raise ValueError(f"line {start + 1} is broken, perhaps a quotation mark") from error
        return header, others

    def _separated(self, cells: list[str]) -> list[str]:
        """The cells of a row of commas that a spreadsheet with semicolons took for a single cell."""
        if "," in "".join(cells[:1]) and not any(cells[1:]) and (len(cells) > 1 or self._separator == ","):
            inner = list(csv.reader(io.StringIO(cells[0], newline="")))
            return inner[0] if len(inner) == 1 else cells
        return cells

    def _named(self, row: Row) -> Row:
        texts = {name: text_of(cell).strip() for name, cell in zip(self._names, row.cells, strict=False)}
        return Row(row.start, row.end, row.cells, dict.fromkeys(self._names, "") | texts)

    def _cell(self, value: Value) -> str:
        match value:
            case None:
                return ""
            case str():
                return harmless(value)
            case float() if self._decimal_comma:
                return str(value).replace(".", ",")
            case _:
                return str(value)

    def _line(self, cells: Sequence[str]) -> str:
        output = io.StringIO()
        csv.writer(output, delimiter=self._separator, lineterminator="\r\n").writerow(cells)  # so both are quoted
        return output.getvalue().removesuffix("\r\n") + self._newline


def _names(row: Row) -> list[str]:
    return [cell.strip().casefold() for cell in row.cells]
