"""Every form in which Windows writes text is read, and written back byte for byte."""

import codecs

import pytest

from kit.competition.encodings import decode

TEXT = "première;“1”\r\n"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (TEXT.encode(), TEXT),
        (codecs.BOM_UTF8 + TEXT.encode(), TEXT),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), TEXT),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT),
        (TEXT.encode("utf-16-le"), TEXT),
        (TEXT.encode("utf-16-be"), TEXT),
        (TEXT.encode("cp1252"), TEXT),
        (b"caf\x8e \x81", "caf\x8e \x81"),  # no character of Windows' encoding: as it stands
        (b"", ""),
    ],
)
def test_the_text_of_a_file_and_its_bytes_again(raw: bytes, text: str) -> None:
    read, encoding = decode(raw)
    assert read == text and encoding.encode(read) == raw


def test_what_says_that_it_is_utf16_and_is_not() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(codecs.BOM_UTF16_LE + b"abc")
