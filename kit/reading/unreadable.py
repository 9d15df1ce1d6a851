"""Why a file is no picture that can be read, by what it begins with."""

import re

from kit.installation import pip_install_extra

_NONE = "this is not a picture that can be read: give a PNG or JPEG file"
_DAMAGED = "this picture cannot be read to its end: it is damaged or cut short"
_HEIC = f"HEIC needs its extra: {pip_install_extra('heic')}, or give a JPEG"
_OTHERS = [  # what files that are called pictures begin with, and what they are
    (rb"version https://git-lfs", "Git LFS's pointer to one: git lfs pull fetches the file"),
    (rb"<(!doctype html|html|head|body)", "a web page: download the picture itself"),
    (rb"<(!doctype )?svg", "an SVG drawing: save it as a PNG"),
    (rb"%PDF", "a PDF: save its page as a PNG"),
    (rb"%!|\xc5\xd0\xd3\xc6", "PostScript: save it as a PNG"),
    (rb"8BPS", "a Photoshop file: save it as a PNG"),
    (rb"....ftyp(qt|isom|mp4|M4V|avc1|3gp)", "a film: save one frame as a PNG"),
    (rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf", "an archive: unpack it"),
]
_PICTURES = (
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|II\*\0|MM\0\*|II\+\0|MM\0\+"
    rb"|RIFF....WEBP|\0\0\0\x0cjP  |\xff\x4f\xff\x51|....ftypavif"
)
_BEFORE_MARKUP = rb"\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>"
_HEIF = rb"....ftyp(hei[cmxs]|hev[cx]|mif1|msf1)"


def reason(head: bytes, *, knows_heif: bool) -> str:
    """One line about a file that no decoder takes.

    Args:
        head: What it begins with, some hundred bytes.
        knows_heif: Whether there is a decoder for HEIF.
    """
    if not head:
        return "this file is empty"
    if _begins(_HEIF, head):
        return _DAMAGED if knows_heif else _HEIC
    markup = re.sub(_BEFORE_MARKUP, b"", head, flags=re.DOTALL).lstrip()
    for pattern, what in _OTHERS:
        if _begins(pattern, head) or _begins(pattern, markup):
            return f"this is not a picture but {what}"
    if re.match(rb"(II|MM)[*+\0]", head):
        return f"{_DAMAGED}, or a TIFF of a kind that is not read: save it as a PNG"
    return _DAMAGED if _begins(_PICTURES, head) else _NONE


def cut_short() -> str:
    """One line about a picture that ends too early or holds what it may not."""
    return _DAMAGED


def _begins(pattern: bytes, head: bytes) -> bool:
    return re.match(pattern, head, re.DOTALL | re.IGNORECASE) is not None
