"""How a back-test's figures are said to people, in the terminal and on the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.backtest.measures import TOPS, Estimate, Measures
from scoring.backtest.run import Result
from scoring.engine.total import METHODOLOGY

NAMES = {
    "score": "Score",
    "random": "Random",
    "size_only": "Size only",
    "lead_stage_only": "Lead stage only",
    "shuffled_labels": "Shuffled labels",
    "planted_signal": "Planted signal",
    "future_fact": "Future fact",
    "better_input": "Better input",
    "acquired_leaves": "Acquired company",
}
UNKNOWN = "–"


def measure_names() -> tuple[str, ...]:
    """Return the headings of the measures, in the order of `measure_values`."""
    return ("AUROC", "Average precision", *(f"Precision at {top}" for top in TOPS), "Targets in the top decile")


def measure_values(found: Measures) -> tuple[Estimate, ...]:
    """Return the measures that one line of a table shows."""
    return (found.auroc, found.average_precision, *found.precision_at.values(), found.top_decile_recall)


def with_interval(found: Estimate, digits: int = 2) -> str:
    """Return a figure with its interval, such as 0.68 [0.60–0.76]."""
    if found.value is None:
        return UNKNOWN
    value = f"{found.value:.{digits}f}"
    if found.low is None or found.high is None:
        return value
    return f"{value} [{found.low:.{digits}f}–{found.high:.{digits}f}]"


def percent(found: Estimate) -> str:
    """Return a share with its interval in per cent."""
    if found.value is None:
        return UNKNOWN
    value = f"{100 * found.value:.1f} %"
    if found.low is None or found.high is None:
        return value
    return f"{value} [{100 * found.low:.1f}–{100 * found.high:.1f}]"


def summary(result: Result) -> Iterator[str]:
    """Yield what was ranked and what was left out, a sentence each; what did not happen is not said."""
    panel, counts, labels = result.panel, result.counts, result.labels
    yield (
        f"{_many(len(result.calendar.days), 'quarter end')}, {_many(panel.company_count, 'company', 'companies')}, "
        f"{_many(int(panel.score.size), 'observation')}; {_many(panel.deals, 'deal')} announced within "
        f"{result.asked.horizon_days} days make {int(panel.positive.sum()):,} of them positive."
    )
    fates = (
        (labels.unused, "with no ranked day in the horizon before them"),
        (labels.skipped, "skipped, of companies outside the universe"),
    )
    others = "".join(f", {number:,} {what}" for number, what in fates if number)
    yield f"Labels from {labels.source}: {labels.read:,} read, {labels.used:,} used{others}."
    if result.calendar.before_labels:
        yield (
            f"{_many(len(result.calendar.before_labels), 'quarter end')} left out: the labels begin so much later that "
            "they cannot be complete there."
        )
    if result.calendar.without_follow_up:
        yield (
            f"{_many(len(result.calendar.without_follow_up), 'quarter end')} left out: the labels reach "
            f"to {result.follow_up_ends}, and their horizon does not end by then. If the labels are complete to a "
            "later day, say so with --labels-until."
        )
    said = (
        (counts.not_listed, "rows of companies that were not filing then"),
        (counts.pending, "rows of companies under offer"),
        (counts.censored, "rows of companies lost from sight within the horizon, without a label"),
    )
    left = [f"{number:,} {what}" for number, what in said if number]
    if left:
        yield f"Left out: {'; '.join(left)}."
    if counts.undated_programmes:
        yield (
            f"{len(counts.undated_programmes):,} of {len(counts.undated_programmes | counts.dated_programmes):,} "
            "programmes left out: no dated source says how they stood on the days."
        )
    if counts.insufficient_data:
        share = counts.insufficient_data / panel.score.size
        yield (
            f"{counts.insufficient_data:,} observations ({share:.0%}) have insufficient data (confidence under 0.5): "
            "ranked here, as every listed company is, though the live ranking leaves them out."
        )
    if counts.on_labels_alone:
        yield (
            f"{counts.on_labels_alone:,} observations count as not bought on the word of the labels alone: "
            "no filing in the ledger is as late as the end of their horizon."
        )
    if counts.days_without_inputs:
        yield f"On {_many(counts.days_without_inputs, 'day')} no company had any input: all are equal there."


def methodology(result: Result) -> str:
    """Return what every surface says of the score, as far as this back-test leaves it true."""
    return "transparent ranking" if result.verdict.validated else METHODOLOGY


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
