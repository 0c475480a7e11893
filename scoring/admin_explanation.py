"""A score drawn as tables: its components, the contributions that add up to it, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.tables import table
from biotech_ma.core.wording import within
from scoring.admin_origins import Origins
from scoring.changes import changes_of
from scoring.explanation import Line, NotExplained, explanation_of, label_of
from scoring.models import COMPONENTS, MAScore

PLACES = 4
WEIGHT_PLACES = 3
PER_CENT = Decimal("0.01")


def components_table(score: MAScore) -> SafeString:
    """Return the components as bars: 0 to 100 each, which the total weighs."""
    return table(
        "Components",
        ["Component", "Score"],
        [
            [label_of(name), columns.bar(getattr(score, f"{name}_score"), hint="No source feeds it yet")]
            for name in COMPONENTS
        ],
    )


def explanation_table(score: MAScore, *, is_brief: bool = False) -> SafeString:
    """Return baseline, contributions and total as a waterfall with its figures: they add up exactly.

    A brief one leaves out what contributes nothing, and says how many inputs that are.
    """
    try:
        explained = explanation_of(score)
    except NotExplained as error:
        return table("Contributions", [], [], empty=f"{str(error).capitalize()}.")
    lines = sorted(explained.lines, key=lambda line: (line.contribution <= 0, -abs(line.contribution)))
    left_out = 0
    if is_brief:
        left_out = sum(not line.contribution for line in lines)
        lines = [line for line in lines if line.contribution]
    ends = list(accumulate((line.contribution for line in lines), initial=explained.baseline))
    scale = Scale.of([*ends, explained.total_score])
    first: list[Any] = [
        "Baseline", "the median of every input that day", "", "", "", _exact(explained.baseline),
        scale.level(explained.baseline), "",
    ]  # fmt: skip
    origins = Origins(score.company)
    steps = [
        _row(line, scale.step(before, after), origins)
        for line, before, after in zip(lines, ends, ends[1:], strict=False)
    ]
    return table(
        f"Why {figures.number(explained.total_score)}",
        ["Component", "Input", "Value", "Median", "Weight", "Contribution", "Waterfall", "Source"],
        [first, *steps],
        note=f"{explained.methodology}; {left_out} inputs at the median add nothing"
        if left_out
        else explained.methodology,
        url=reverse("admin:scoring_mascore_change", args=[score.pk]) if is_brief else "",
        numeric=(2, 3, 4, 5),
        foot=["Total", "", "", "", "", _exact(ends[-1]), scale.level(ends[-1]), ""],
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """The stretch of points that a waterfall shows, low and high; a bar is placed on it in per cent."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, ends: list[Decimal]) -> Scale:
        """Return the stretch that holds all ends, with a point to spare on either side."""
        return cls(max(min(ends) - 1, Decimal(0)), max(ends) + 1)

    def step(self, before: Decimal, after: Decimal) -> SafeString:
        """Return the bar from one running total to the next, green upwards and red downwards; none for no step."""
        if before == after:
            return SafeString("")
        tone = "up" if after > before else "down"
        title = f"{figures.number(before, PLACES)} to {figures.number(after, PLACES)}"
        return self._bar(min(before, after), max(before, after), tone, title)

    def level(self, at: Decimal) -> SafeString:
        """Return the bar of a level: the baseline, the total."""
        return self._bar(self.low, at, "level", figures.number(at, PLACES))

    def _bar(self, left: Decimal, right: Decimal, tone: str, title: str) -> SafeString:
        whole = self.high - self.low
        start, width = ((point * 100 / whole).quantize(PER_CENT) for point in (left - self.low, right - left))
        return format_html(
            '<span class="desk-fall" title="{}"><span class="desk-fall-{}" style="left: {}%; width: {}%">'
            "</span></span>", title, tone, str(start), str(width),
        )  # fmt: skip


def changes_table(score: MAScore) -> SafeString:
    """Return what moved the score since about thirty days earlier, and why; the points add up exactly."""
    since = changes_of(score)
    title = "What changed in 30 days"
    if since is None:
        return table(title, [], [], empty="There is no score of 30 to 40 days earlier to compare with.")
    rows: list[list[Any]] = []
    origins = Origins(score.company)
    if since.baseline_points:
        rows.append(["Baseline", "the median company moved", "", "", _signed(since.baseline_points), ""])
    rows += [
        [
            label_of(moved.component),
            format_html('{}<span class="desk-line desk-muted">{}</span>', moved.label, moved.why),
            moved.before or columns.unknown("Did not count"),
            moved.after if moved.after != moved.before else columns.unknown("The same"),
            _signed(moved.points),
            origins.cell(moved),
        ]
        for moved in since.moved
    ]
    note = "" if since.is_comparable else "less was known then: the change is data becoming known"
    return table(
        f"{title}: since {figures.day(since.day)}",
        ["Component", "What moved, and why", "Then", "Now", "Points", "Source"],
        rows,
        note=note,
        empty="Nothing moved.",
        numeric=(4,),
        foot=["Change", "", "", "", _signed(since.points), ""],
    )


def gaps_list(score: MAScore) -> SafeString:
    """Return the inputs that were missing, each with how to supply it, and the components that nothing feeds yet."""
    try:
        explained = explanation_of(score)
    except NotExplained:
        return columns.unknown("This score carries no explanation")
    texts = [f"{gap.label}: {gap.why}. {gap.supply}".strip() for gap in explained.missing]
    texts += [f"{label_of(name)}: no source feeds this component yet." for name in explained.unfed]
    return columns.bullets(texts, empty="Nothing is missing")


def _row(line: Line, step: SafeString, origins: Origins) -> list[Any]:
    return [
        label_of(line.component),
        format_html('{}<span class="desk-line desk-muted">{}</span>', line.label, within(line.detail)),
        columns.number(line.value),
        columns.number(line.median),
        columns.number(line.weight, WEIGHT_PLACES),
        _signed(line.contribution),
        step,
        columns.badge("median used", "amber", title="The input is missing: the median of the day stands in")
        if line.imputed
        else origins.cell(line),
    ]


def _signed(points: Decimal) -> SafeString:
    tone = "desk-up" if points > 0 else "desk-down" if points < 0 else ""
    sign = "+" if points > 0 else ""
    return format_html('<span class="desk-figure {}">{}{}</span>', tone, sign, _exact(points))


def _exact(value: Decimal) -> str:
    return figures.number(value, PLACES)
