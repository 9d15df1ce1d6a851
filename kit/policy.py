"""Content-Security-Policy of the kit's own pages: their inline script and style by hash, and nothing from elsewhere."""

import base64
import hashlib
import re


def content_security_policy(page: str, **directives: str) -> str:
    """What a browser may load and run for a page of one file.

    Args:
        page: Its text, or its template's: scripts and styles in `<script>` and `<style>` without attributes are allowed
            as they stand there. What is filled in or added later is not.
        directives: Further ones, by their names with _ for -, such as img_src="data:".
    """
    allowed = {
        "default-src": "'none'",
        "script-src": _hashes(page, "script"),
        "style-src": _hashes(page, "style"),
        "base-uri": "'none'",
        "form-action": "'none'",
    } | {name.replace("_", "-"): value for name, value in directives.items()}
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _hashes(page: str, element: str) -> str:
    found = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
