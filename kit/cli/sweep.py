"""kit sweep."""

import time
from typing import Any

from kit.cli.help import HOW, SOURCE, TARGET
from kit.cli.options import AsJson, OpenPage, options_of
from kit.cli.output import print_json, print_path, print_table, remark
from kit.search.arguments import SweepArguments

_SHOWN = 10  # trials in the table; the page has all


@options_of(
    SweepArguments,
    groups={
        "What is searched": ("arch", "space"),
        HOW: (),
        SOURCE: ("data",),
        TARGET: ("name", "sweeps", "train_best", "runs"),
        "Where it is trained": ("cluster",),
    },
)
def sweep(open_page: OpenPage = False, as_json: AsJson = False, **given: Any) -> None:
    """Search for a network's best settings: many trials, kept in sweeps/NAME, gone on with at any time."""
    started = time.monotonic()  # the imports take a second
    from kit.reporting.viewer import show
    from kit.search.sweep import sweep

    found = sweep(**given, started=started)
    for sentence in found.sentences():
        remark(sentence)
    if as_json:
        print_json(found.numbers())
        return
    headings, *rows = found.table()
    print_table(headings, rows[:_SHOWN], right=[0, 2, 3], spare=headings[:3:-1])
    if found.command:
        print(f"\n{found.command}")
    if found.run:
        print_path(found.run.folder)
    if found.page:
        print_path(found.page)
        if open_page:
            show(found.page, remark)
