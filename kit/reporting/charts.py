"""matplotlib's charts as SVG elements that stand in a page: in its colours, its font, and with names of their own."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import TYPE_CHECKING

from kit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_COLOURS = {  # the page has lighter ones for the dark; black is what matplotlib draws frames and text with
    plots.BLUE.lower(): f"var(--blue, {plots.BLUE})",
    plots.ORANGE.lower(): f"var(--orange, {plots.ORANGE})",
    plots.GREY.lower(): f"var(--faint, {plots.GREY})",
    "#000000": "currentColor",
    "black": "currentColor",
}
ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _LINK)


def svg(name: str, draw: Callable[["Axes"], None], inches: tuple[float, float] = plots.CHART) -> str:
    """A chart as an SVG element: transparent, its text in the page's own colour and font.

    Args:
        name: Sets the chart's identifiers apart from those of other charts on the page; read out by screen readers.
        draw: Draws on the axes.
        inches: Its width and height, beside which its text is as large as elsewhere.
    """
    chart = ElementTree.fromstring(plots.svg(name, draw, inches))
    for metadata in chart.findall(f"{{{_SVG}}}metadata"):
        chart.remove(metadata)
    inherited = _taken_sheets(chart)
    prefix = "-".join(name.split())
    for element in chart.iter():
        _set_apart(element, prefix)
        _in_the_pages_colours(element)
        if element.tag == f"{{{_SVG}}}text":
            _in_the_pages_font(element)
    chart.attrib.update({"role": "img", "aria-label": name, "style": _text({"color": "inherit"} | inherited)})
    return ElementTree.tostring(chart, encoding="unicode")


def _taken_sheets(chart: ElementTree.Element) -> dict[str, str]:
    """What matplotlib says of all elements in a style sheet, to be inherited instead.

    In a page a sheet would be for the whole page, which allows none but its own.
    """
    styles: dict[str, str] = {}
    for parent in list(chart.iter()):
        for sheet in parent.findall(f"{{{_SVG}}}style"):
            styles |= _styles((sheet.text or "").strip().removeprefix("*{").removesuffix("}"))
            parent.remove(sheet)
    return styles


def _set_apart(element: ElementTree.Element, prefix: str) -> None:
    """Puts the prefix in front of every identifier and of what refers to one."""
    for attribute, value in element.items():
        if attribute == "id":
            element.set(attribute, f"{prefix}-{value}")
        elif attribute == f"{{{_LINK}}}href":
            element.set(attribute, value.replace("#", f"#{prefix}-", 1))
        else:
            element.set(attribute, value.replace("url(#", f"url(#{prefix}-"))


def _in_the_pages_colours(element: ElementTree.Element) -> None:
    for attribute, value in element.items():
        if attribute == "style":
            styles = _styles(value)
            element.set("style", _text({key: _COLOURS.get(colour, colour) for key, colour in styles.items()}))
        else:
            element.set(attribute, _COLOURS.get(value, value))


def _in_the_pages_font(element: ElementTree.Element) -> None:
    styles = _styles(element.get("style", ""))
    if "font" in styles:  # size and family in one, as some versions of matplotlib have it
        styles["font-size"] = next(word for word in styles.pop("font").split() if word.endswith("px"))
    element.set("style", _text(styles | {"font-family": "system-ui, sans-serif"}))
    element.set("fill", "currentColor")


def _styles(text: str) -> dict[str, str]:
    """{"fill": "none"} of "fill: none"."""
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {key.strip(): value.strip() for key, value in pairs}


def _text(styles: dict[str, str]) -> str:
    return "; ".join(f"{key}: {value}" for key, value in styles.items())
