"""Who may ask: what browsers say of a page's requests, and what programs leave out."""

import pytest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from kit.web.guard import check_origin


def refused(*lines: str) -> int | None:
    """The status with which a request of these header lines is refused, None where it is not."""
    pairs = [tuple(part.strip().encode("latin-1") for part in line.split(":", 1)) for line in lines]
    try:
        check_origin(Headers(raw=[(name.lower(), value) for name, value in pairs]))
    except HTTPException as error:
        return error.status_code
    return None


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "localhost", "127.0.0.1:9"])
def test_the_own_page_programs_and_an_address_typed_in_may_ask(host: str) -> None:
    assert refused(f"Host: {host}") is None
    assert refused(f"Host: {host}", f"Origin: http://{host.lower()}", "Sec-Fetch-Site: same-origin") is None
    assert refused(f"Host: {host}", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate") is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.", "[::1]:8000", "0.0.0.0:8000", "127.1",
     "localhost:", "localhost:80:80", "localhost:x", "localhost:²", "127.0.0.1@evil.example", ""],
)  # fmt: skip
def test_a_name_that_is_not_the_servers_is_refused(host: str) -> None:
    assert refused(f"Host: {host}") == 400
    assert refused(f"Host: {host}", f"Origin: http://{host}", "Sec-Fetch-Site: same-origin") == 400
    assert refused() == 400


@pytest.mark.parametrize(
    "origin",
    ["null", "", "http://evil.example", "http://localhost:3000", "http://localhost", "https://localhost:8000",
     "http://127.0.0.1:8000", "http://localhost:8000.evil.example", "http://localhost:8000/", "file://"],
)  # fmt: skip
def test_another_origin_is_refused(origin: str) -> None:
    own = "Origin: http://localhost:8000"
    assert refused("Host: localhost:8000", f"Origin: {origin}") == 403
    assert refused("Host: localhost:8000", own, f"Origin: {origin}") == 403
    assert refused("Host: localhost:8000", f"Origin: {origin}", "Sec-Fetch-Site: same-origin") == 403
    navigated = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    assert refused("Host: localhost:8000", f"Origin: {origin}", *navigated) == 403  # a form that was sent


def test_another_site_may_link_here_and_do_nothing_else() -> None:
    for site in ("cross-site", "same-site", ""):
        found = ["Host: localhost:8000", f"Sec-Fetch-Site: {site}"]
        assert refused(*found) == refused(*found, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image") == 403
        assert refused(*found, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe") == 403
        assert refused(*found, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document") is None
