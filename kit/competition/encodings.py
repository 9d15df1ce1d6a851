"""Text files as Windows and spreadsheets write them: bytes → text, and back into the same bytes."""

import codecs
from dataclasses import dataclass

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WITHOUT_MARK = ("utf-8", "cp1252", "latin-1")  # the last one takes every byte


@dataclass(frozen=True)
class Encoding:
    """How a text lies in a file: Python's name of the encoding, and the mark before the first character."""

    name: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of a file.

        Raises:
            UnicodeEncodeError: The encoding has no such character.
        """
        return self.mark + text.encode(self.name)


def decode(raw: bytes) -> tuple[str, Encoding]:
    """The text of a file in UTF-8 or UTF-16, with a byte order mark or without, or else in Windows' Western encoding.

    `Encoding.encode` makes the same bytes of the same text.

    Raises:
        UnicodeDecodeError: It says that it is UTF-16 and is not.
    """
    for mark, name in _MARKS.items():
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name), Encoding(name, mark)
    if b"\0" in raw[:2]:
        name = "utf-16-be" if raw.startswith(b"\0") else "utf-16-le"
        return raw.decode(name), Encoding(name)
    for name in _WITHOUT_MARK[:-1]:
        try:
            return raw.decode(name), Encoding(name)
        except UnicodeDecodeError:
            continue
    return raw.decode(_WITHOUT_MARK[-1]), Encoding(_WITHOUT_MARK[-1])
