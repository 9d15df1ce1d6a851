"""Charts that stand in a page: their names are their own, their colours and font the page's."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from kit import plots
from kit.reporting.charts import svg


def drawn(axis: Any) -> None:
    axis.plot([0, 1], [0, 1], color=plots.BLUE, label="this network")
    axis.scatter([0, 1], [1, 0], color=plots.ORANGE, marker="x")
    axis.set_xlabel("confidence, %")
    axis.legend()


def test_no_name_of_one_chart_is_anothers_and_every_reference_is_met() -> None:
    identifiers = []
    for name in ("the first", "the second"):
        text = svg(name, drawn)
        own = set(re.findall(r' id="([^"]+)"', text))
        assert own and all(identifier.startswith(name.replace(" ", "-")) for identifier in own)
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', text)) <= own
        identifiers.append(own)
    assert not identifiers[0] & identifiers[1]


def test_a_chart_takes_the_pages_colours_and_font() -> None:
    chart = ElementTree.fromstring(svg("a chart", drawn))
    assert chart.get("role") == "img" and chart.get("aria-label") == "a chart"
    text = ElementTree.tostring(chart, encoding="unicode")
    assert "metadata" not in text and "#000000" not in text and plots.BLUE.lower() not in text
    assert f"var(--blue, {plots.BLUE})" in text and f"var(--orange, {plots.ORANGE})" in text
    words = [element for element in chart.iter() if element.tag.endswith("}text")]
    assert any(element.text == "confidence, %" for element in words)
    for element in words:
        assert element.get("fill") == "currentColor" and "system-ui" in element.get("style", "")


def test_a_chart_has_no_style_sheet_and_its_lines_end_as_matplotlib_has_them() -> None:
    assert "<style" in plots.svg("a chart", drawn)
    text = svg("a chart", drawn)
    assert "<style" not in text
    style = ElementTree.fromstring(text).get("style", "")
    assert "stroke-linejoin: round" in style and "stroke-linecap: butt" in style and "color: inherit" in style


def test_the_same_drawing_gives_the_same_text() -> None:
    assert svg("a chart", drawn) == svg("a chart", drawn)
