"""A page of one file: a template of HTML with its style and script, on top of base.html, filled."""

from pathlib import Path
from typing import Any

from kit.policy import content_security_policy

_BASE = Path(__file__).with_name("base.html")


def filled(template: Path, sections: dict[str, Any]) -> str:
    """The page; a browser runs and loads nothing for it but what the template itself and the base hold.

    Args:
        template: The file, in Jinja's language, which extends base.html.
        sections: What it is filled with.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([template.parent, _BASE.parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    # Of the templates, not of the page: a script that came in with what it is filled with must not run.
    text = "".join(path.read_text(encoding="utf-8") for path in (_BASE, template))
    policy = content_security_policy(text, img_src="data:", style_src_attr="'unsafe-inline'")
    return environment.get_template(template.name).render(sections, policy=policy)
