"""A PNG file without what is no part of its picture.

Text and colour profiles may be compressed a thousandfold, and Pillow refuses the whole picture where they are large.
They are not read at all here: the file is given without them.
"""

import io
import os
import struct
import zlib
from bisect import bisect_right
from itertools import accumulate
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 200_000  # libpng writes one for 8 kB of packed pixels
_LARGEST = 1 << 20  # bytes of a chunk kept beside the picture's own, packed or not
_RAW_EXIF, _XMP = b"Raw profile type exif\0\0", b"XML:com.adobe.xmp\0\0"  # what orientation may lie in, beside eXIf


class Slim(io.RawIOBase):
    """The picture in a PNG file, as a file: what is neither needed to draw it nor tells which way is up is left out.

    Attributes:
        significant_bits: How many bits of a channel are used, as the file declares it (sBIT); None without.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.significant_bits: int | None = None
        self._pieces = self._kept()  # place and length of each in the file
        self._ends = list(accumulate(length for _, length in self._pieces))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._ends[-1]}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number = bisect_right(self._ends, self._at)
        if number == len(self._pieces):
            return 0
        place, length = self._pieces[number]
        inside = self._at - (self._ends[number] - length)
        self._file.seek(place + inside)
        data = self._file.read(min(len(buffer), length - inside))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _kept(self) -> list[tuple[int, int]]:
        pieces, at = [(0, len(SIGNATURE))], len(SIGNATURE)
        size = self._file.seek(0, os.SEEK_END)
        for _ in range(_MOST_CHUNKS):
            self._file.seek(at)
            head = self._file.read(8)
            if len(head) < 8:
                return pieces
            length, kind = struct.unpack(">I4s", head)
            end = min(at + 12 + length, size)
            if self._is_kept(kind, length):
                before, long = pieces[-1]
                if before + long == at:
                    pieces[-1] = (before, end - before)
                else:
                    pieces.append((at, end - at))
            at = end
            if kind == b"IEND":
                return pieces
        raise ValueError("too many chunks")

    def _is_kept(self, kind: bytes, length: int) -> bool:
        """Of a chunk whose content comes next in the file."""
        if not kind.isalpha() or kind[:1].isupper():  # a critical chunk; Pillow says what is wrong with it
            return True
        if kind not in (b"tRNS", b"eXIf", b"sBIT", b"tEXt", b"zTXt", b"iTXt") or length > _LARGEST:
            return False
        data, check = self._file.read(length), self._file.read(4)
        if check != struct.pack(">I", zlib.crc32(kind + data)):  # damaged: as viewers do, without it
            return False
        if kind == b"sBIT":
            self.significant_bits = max(data, default=None)
            return False
        return kind in (b"tRNS", b"eXIf") or _tells_orientation(kind, data)


def _tells_orientation(kind: bytes, data: bytes) -> bool:
    if kind == b"zTXt" and data.startswith(_RAW_EXIF):
        unpacking = zlib.decompressobj()
        try:
            unpacking.decompress(data[len(_RAW_EXIF) :], _LARGEST)
        except zlib.error:
            return False
        return not unpacking.unconsumed_tail
    return data.startswith({b"tEXt": _RAW_EXIF[:-1], b"iTXt": _XMP}.get(kind, b"\0"))
