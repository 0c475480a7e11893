"""A score drawn as tables: its components, the contributions that add up to it, and what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.tables import table
from scoring.explanation import Line, NotExplained, explanation_of, label_of
from scoring.models import COMPONENTS, MAScore

PLACES = 4


def components_table(score: MAScore) -> SafeString:
    """Return the components as bars."""
    return table(
        "Components",
        ["Component", "Score"],
        [
            [label_of(name), columns.bar(getattr(score, f"{name}_score"), hint="No source feeds it yet")]
            for name in COMPONENTS
        ],
        note="0 to 100 each; the total weighs them",
    )


def explanation_table(score: MAScore) -> SafeString:
    """Return baseline, contributions and total: they add up exactly. The largest contributions come first."""
    try:
        explained = explanation_of(score)
    except NotExplained as error:
        return table("Contributions", [], [], empty=f"{str(error).capitalize()}.")
    first: list[Any] = ["Baseline", "the median of every input that day", "", "", _exact(explained.baseline), ""]
    lines = sorted(explained.lines, key=lambda line: -abs(line.contribution))
    total = explained.baseline + sum((line.contribution for line in lines), Decimal(0))
    return table(
        f"Why {figures.number(explained.total_score)}",
        ["Component", "Input", "Value", "Median", "Contribution", "Source"],
        [first, *(_row(line) for line in lines)],
        note=explained.methodology,
        numeric=(2, 3, 4),
        foot=["Total", "", "", "", _exact(total), ""],
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


def _row(line: Line) -> list[Any]:
    tone = "desk-up" if line.contribution > 0 else "desk-down" if line.contribution < 0 else ""
    sign = "+" if line.contribution > 0 else ""
    return [
        label_of(line.component),
        format_html('{}<span class="desk-line desk-muted">{}</span>', line.label, line.detail),
        columns.number(line.value),
        columns.number(line.median),
        format_html('<span class="desk-figure {}">{}{}</span>', tone, sign, _exact(line.contribution)),
        _source(line),
    ]


def _source(line: Line) -> Any:
    if line.imputed:
        return columns.badge("median used", "amber", title="The input is missing: the median of the day stands in")
    text = " · ".join(filter(None, (line.source, figures.day(line.date) if line.date else "")))
    if not text:
        return columns.unknown("No source")
    return format_html("{} {}", text, columns.outside(line.source_url)) if line.source_url else text


def _exact(value: Decimal) -> str:
    return figures.number(value, PLACES)
