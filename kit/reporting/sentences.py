"""An analysis in plain sentences."""

from collections.abc import Sequence
from itertools import permutations

from kit.run.comparison import Comparison
from kit.run.folder import Run
from kit.run.metrics import FOCUS, Analysis
from kit.run.settings import Settings

ONE_VIEW = "1 view"  # what a comparison of views calls it
_CHOSEN = (
    "That the kept epoch, and perhaps the recipe, was chosen on these very rows is not counted: on other rows expect a "
    "little less."
)
_SEEN = "It may have been trained on these very rows, which is not counted: on other rows expect less."

_FOLDS = (
    "Each row was read by the one network that had not learned from it. The run's own network averages all {}, so that "
    "no row is left to judge it by; as a rule it reads a little better."
)


def caveat(settings: Settings) -> str:
    """Why a run may read other rows less well than those that judge it; "" where nothing is known to speak for it."""
    return _SEEN if settings.seen else "" if settings.imported else _CHOSEN


def summarize(analysis: Analysis, focus: Sequence[int] = FOCUS, but: str = _CHOSEN) -> list[str]:
    """What a person would be told first, one thing a sentence; `but` is the run's `caveat`."""
    accuracy, wrong, names = analysis.accuracy, len(analysis.mistakes), analysis.classes
    by = f"Out of fold, by {analysis.folds} networks, " if analysis.folds else ""
    found = [
        f"{by}{accuracy.value:.2%} of {rows_of(analysis)} are right, {wrong:,} {_are(wrong)} wrong.",
        f"By the number of rows alone, the true share lies between {accuracy.low:.2%} and {accuracy.high:.2%} (95% "
        f"confidence). {but}".strip(),
    ]
    if analysis.folds:
        found.insert(1, _FOLDS.format(analysis.folds))
    if analysis.pairs:
        first = analysis.pairs[0]
        others = sum(pair.count == first.count for pair in analysis.pairs) - 1
        as_often = f"; {count_of(others, 'other pair')} as often" if others else ""
        found.append(
            f"Most often {names[first.truth]} is taken for {names[first.taken_for]}: {times(first.count)}, "
            f"{first.rate:.1%} of all {names[first.truth]}s{as_often}."
        )
        inside = sum(analysis.pair(*pair).count for pair in permutations(focus, 2))
        studied = listed([names[number] for number in focus])
        found.append(f"Among {studied}, {count_of(inside, 'row')} {_are(inside)} confused.")
    else:
        found.append("There is not a single mistake to learn from.")
    sure = analysis.thresholds[2]
    if sure.accuracy is not None:
        found.append(
            f"It is at least {sure.confidence:.0%} sure of {sure.share:.1%} of the rows, "
            f"and right on {sure.accuracy:.2%} of those."
        )
    suspects = len(analysis.suspects)
    found.append(f"{count_of(suspects, 'label')} may be wrong in the data itself.")
    return found


def study_sentence(analysis: Analysis, focus: Sequence[int]) -> str:
    """What share of the mistakes is among the classes studied."""
    wrong, names = len(analysis.mistakes), analysis.classes
    studied = listed([names[number] for number in focus])
    if not wrong:
        return f"None of {studied} is ever confused here."
    pairs = [analysis.pair(*pair) for pair in permutations(focus, 2)]
    inside = sum(pair.count for pair in pairs)
    found = f"Of {count_of(wrong, 'mistake')}, {inside:,} ({inside / wrong:.0%}) {_are(inside)} among {studied}"
    if not inside:
        return f"{found}."
    worst = max(pairs, key=lambda pair: pair.count)
    return f"{found}; most often {names[worst.truth]} → {names[worst.taken_for]}, {times(worst.count)}."


def calibration_sentence(analysis: Analysis) -> str:
    """Whether the network is as sure as it is right."""
    mean, accuracy = float(analysis.confidence.mean()), analysis.accuracy.value
    kind = "about right" if abs(mean - accuracy) < 0.005 else "too high" if mean > accuracy else "too low"
    return (
        f"Its confidence is {kind}: {mean:.2%} on average where {accuracy:.2%} are right. "
        f"Expected calibration error {analysis.calibration_error:.2%}, log loss {analysis.log_loss:.4f}."
    )


def suspects_sentence(analysis: Analysis, shown: int) -> str:
    """How many labels look wrong, why, and how to look at one."""
    count = len(analysis.suspects)
    has, first = "has" if count == 1 else "have", f" Here are the first {shown}." if count > shown else ""
    return (
        f"{count_of(count, _row(analysis))} {has} a label that the network contradicts with confidence, against what "
        f"it says of that class as a rule (confident learning, by cleanlab).{first} Rows are counted from 1 below the "
        "header: kit data show --row N draws one large."
    )


def comparison_sentence(comparison: Comparison) -> str:
    """Whether the better one is better or lucky."""
    one, other, rows = comparison.better, comparison.worse, f"{comparison.rows:,} common rows"
    if not comparison.only_better and not comparison.only_worse:
        return f"{one} and {other} are right on the same rows of {rows}: nothing tells them apart."
    verdict = (
        f"{one} is better, not lucky" if comparison.real else f"the difference may be luck: do not choose {one} for it"
    )
    return (
        f"Of {rows}, {comparison.only_better:,} are right with {one} alone and {comparison.only_worse:,} with {other} "
        f"alone: {verdict} ({_p(comparison.p_value)})."
    )


def views_sentence(comparison: Comparison, views: int) -> str:
    """What several views of each picture gain over one, or lose."""
    gains = comparison.better != ONE_VIEW
    accuracies = (comparison.better_accuracy, comparison.worse_accuracy)[:: 1 if gains else -1]
    right, wrong = (comparison.only_better, comparison.only_worse)[:: 1 if gains else -1]
    if not right and not wrong:
        return f"With {views} views of each picture the same rows are right as with one."
    verdict = f"{'better' if gains else 'worse'}, not by luck" if comparison.real else "which may be luck"
    return (
        f"With {views} views of each picture {accuracies[0]:.2%} are right, with one {accuracies[1]:.2%}: "
        f"{count_of(right, 'row')} put right, {wrong:,} put wrong, {verdict} ({_p(comparison.p_value)})."
    )


def comparison_table(runs: Sequence[Run], comparisons: Sequence[Comparison]) -> list[list[str]]:
    """Headings and a line a run, the most accurate first."""
    analyses = sorted((run.analysis for run in runs), key=lambda analysis: -analysis.accuracy.value)
    p_values = {
        name: _p(comparison.p_value) for comparison in comparisons for name in (comparison.better, comparison.worse)
    } | {analyses[0].name: "–"}
    lines = [["run", "accuracy", "log loss", "calibration error", "most confused", "against the best"]]
    for analysis in analyses:
        pair = analysis.pairs[0] if analysis.pairs else None
        names = analysis.classes
        lines.append(
            [
                analysis.name,
                f"{analysis.accuracy.value:.2%}",
                f"{analysis.log_loss:.4f}",
                f"{analysis.calibration_error:.2%}",
                f"{names[pair.truth]} → {names[pair.taken_for]} ({pair.count})" if pair else "none",
                p_values[analysis.name],
            ]
        )
    return lines


def rows_of(analysis: Analysis) -> str:
    """8,400 validation rows; 42,000 rows of a run in folds, which are all that there are."""
    return count_of(len(analysis), _row(analysis))


def _row(analysis: Analysis) -> str:
    return "row" if analysis.folds else "validation row"


def count_of(count: int, noun: str) -> str:
    """1 row; 2,000 rows."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def times(count: int) -> str:
    """once; 2 times."""
    return "once" if count == 1 else f"{count:,} times"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def listed(names: Sequence[str]) -> str:
    """4, 7 and 9."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def percent(value: float | None) -> str:
    """A share of 1 as it is shown; a dash where there is none."""
    return "–" if value is None else f"{value:.2%}"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
