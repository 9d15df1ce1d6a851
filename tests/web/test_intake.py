"""What is sent, at its bounds and beyond them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from kit import KitError
from kit.web import intake


class Sent:
    """Stands in for a request: its headers, and its body part by part."""

    def __init__(self, *parts: bytes, pause: float = 0, **headers: str) -> None:
        self.parts, self.pause, self.headers = parts, pause, headers

    async def stream(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            await asyncio.sleep(self.pause)
            yield part


async def held(sent: Any, largest: int = 5_000_000, large_ones: asyncio.Semaphore | None = None) -> bytes:
    async with intake.body(sent, largest, large_ones or asyncio.Semaphore(1)) as data:
        return data.read()


def test_a_body_is_taken_up_to_its_bound() -> None:
    assert asyncio.run(held(Sent(b"ab", b"", b"c"), 3)) == b"abc"
    assert asyncio.run(held(Sent())) == b""
    for sent in (Sent(b"ab", b"cd"), Sent(b"", **{"content-length": "4"}), Sent(**{"content-length": "9" * 20})):
        with pytest.raises(KitError, match="MB: send less"):
            asyncio.run(held(sent, 3))


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.05)
    with pytest.raises(KitError, match=r"did not come to its end within 0\.05 seconds"):
        asyncio.run(held(Sent(*[b"a"] * 1_000, pause=0.01)))


def test_of_large_bodies_only_so_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.2)
    large, small = Sent(bytes(600_000), bytes(600_000)), Sent(bytes(1_000_000))

    async def several() -> None:
        place = asyncio.Semaphore(1)
        async with intake.body(large, 5_000_000, place):  # type: ignore[arg-type]
            waiting = asyncio.create_task(held(large, 5_000_000, place))
            assert len(await held(small, 5_000_000, place)) == 1_000_000
            await asyncio.sleep(0.3)  # longer than a body may take
            assert not waiting.done() and place.locked()
        assert len(await waiting) == 1_200_000 and not place.locked()
        with pytest.raises(KitError):
            await held(large, 1_100_000, place)
        assert not place.locked()

    asyncio.run(several())


def test_strokes_are_read_as_they_are() -> None:
    assert intake.strokes(b'{"strokes": [[[0, 1.5], [-1, 2]], [], [[0.25, 1e-400]]], "more": null}') == [
        [(0.0, 1.5), (-1.0, 2.0)], [], [(0.25, 0.0)],
    ]  # fmt: skip
    points = [[0.5, 0.5]] * 10_000
    assert len(intake.strokes(json.dumps({"strokes": [points]}).encode())[0]) == 10_000
    assert len(intake.strokes(json.dumps({"strokes": [[point] for point in points]}).encode())) == 10_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"strokes": [[[' + b"1" * 400 + b", 0]]]}", "far outside of the pad"),
        (b'{"strokes": [[[' + b"1" * 5_000 + b", 0]]]}", "not a drawing"),
        (b'{"strokes": [[[1e999, 0]]]}', "far outside of the pad"),
        (b'{"strokes": [[[0, Infinity]]]}', "far outside of the pad"),
        (b'{"strokes": [[[true, 0]]]}', "not a drawing"),
        (b'{"strokes": [[["0", 0]]]}', "not a drawing"),
        (b'{"strokes": [["12"]]}', "not a drawing"),
        (b'{"strokes": [{"ab": 1}]}', "not a drawing"),
        (b'{"strokes": {"a": 1}}', "not a drawing"),
        (b'{"strokes": [[[0, 0, 0]]]}', "not a drawing"),
        (b'{"strokes": [], "strokes": [[[0, 0]]]}', "not a drawing"),
        ('{"strokes": []}'.encode("utf-16"), "not a drawing"),
        (b'{"strokes": [], "\xff": 1}', "not a drawing"),
        (b"[" * 15_000, "not a drawing"),
        (b'{"strokes":' * 90_000, "not a drawing"),
        (b"[" * 1_000_000, "more than 10,000 points"),
        (b'{"strokes": [[' + b"[0,0]," * 10_000 + b"[0,0]]]}", "more than 10,000 points"),
        (b'{"strokes": [' + b"0," * 400_000 + b"0]}", "more than 10,000 points"),
    ],
)
def test_what_is_no_drawing_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(KitError, match=words):
        intake.strokes(body)


def test_a_square_is_all_bytes_in_rows() -> None:
    assert intake.square(bytes(range(9))).tolist() == np.arange(9).reshape(3, 3).tolist()
    assert intake.square(bytes(2_000**2)).shape == (2_000, 2_000)
    for length in (0, 2, 8, 2_001**2):
        with pytest.raises(KitError, match=f"{length:,} bytes: send a square"):
            intake.square(bytes(length))


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e309", "1" * 400, "0x1", "1,5", "0." + "0" * 100])
def test_a_time_is_a_finite_number_of_seconds(text: str) -> None:
    assert intake.seconds("12.5") == 12.5
    with pytest.raises(KitError, match="give the seconds of a clock") as caught:
        intake.seconds(text)
    assert len(str(caught.value)) < 100


def test_a_sessions_name_is_kept_while_it_is_short() -> None:
    assert intake.session_name("a" * 100) == "a" * 100
    with pytest.raises(KitError, match="at most 100 characters"):
        intake.session_name("a" * 101)
