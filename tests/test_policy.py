"""A page's policy names what stands in the page, by hashes that are computed here another way."""

import base64
import hashlib

from kit.policy import content_security_policy


def test_scripts_and_styles_without_attributes_are_allowed_by_hash_and_data_is_not() -> None:
    page = '<style>\na { }\n</style><script id="rows" type="application/json">[]</script><script>go(1 < 2)</script>'
    policy = content_security_policy(page, img_src="data:")
    script, style = (base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"go(1 < 2)", b"\na { }\n"))
    assert policy.split("; ") == [
        "default-src 'none'", f"script-src 'sha256-{script}'", f"style-src 'sha256-{style}'", "base-uri 'none'",
        "form-action 'none'", "img-src data:",
    ]  # fmt: skip


def test_a_page_without_any_allows_none() -> None:
    assert "script-src 'none'; style-src 'none'" in content_security_policy("<p>nothing</p>")
