"""A page of one file: a template of HTML with its style and script, filled."""

from pathlib import Path
from typing import Any

from kit.policy import content_security_policy


def filled(template: Path, sections: dict[str, Any]) -> str:
    """The page; a browser runs and loads nothing for it but what the template itself holds.

    Args:
        template: The file, in Jinja's language; `policy` is where its Content-Security-Policy belongs.
        sections: What it is filled with.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    # Of the template, not of the page: a script that came in with what it is filled with must not run.
    text = template.read_text(encoding="utf-8")
    policy = content_security_policy(text, img_src="data:", style_src_attr="'unsafe-inline'")
    return environment.get_template(template.name).render(sections, policy=policy)
