"""A score drawn as tables: its components, and the contributions that add up to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.tables import table
from scoring.models import COMPONENTS, MAScore

METHODOLOGY = "transparent ranking, not validated"
PLACES = 4


def components_table(score: MAScore) -> SafeString:
    """Return the components as bars."""
    return table(
        "Components",
        ["Component", "Score"],
        [
            [name.replace("_", " ").capitalize(), columns.bar(getattr(score, f"{name}_score"), hint="No source feeds it yet")]
            for name in COMPONENTS
        ],
        note="0 to 100 each; the total weighs them",
        numeric=(1,),
    )


def explanation_table(score: MAScore) -> SafeString:
    """Return baseline, contributions and total, which add up exactly."""
    data = score.metadata
    baseline = _decimal(data.get("baseline"))
    parts = [part for part in data.get("contributions", []) if isinstance(part, dict)]
    if baseline is None:
        return table("Contributions", [], [], empty="This score carries no explanation: it was not made by the score command.")
    rows: list[list[Any]] = [["Baseline", "the median company of that day", "", "", _exact(baseline), ""]]
    rows += [_row(part) for part in parts]
    return table(
        f"Why {figures.number(score.total_score, PLACES)}",
        ["Component", "Input", "Value", "Median", "Contribution", "Source"],
        rows,
        note=METHODOLOGY,
        numeric=(2, 3, 4),
        foot=["Total", "", "", "", _exact(baseline + sum((_points(part) for part in parts), Decimal(0))), ""],
    )


def _row(part: dict[str, Any]) -> list[Any]:
    imputed = columns.badge("median used", "amber", title="The input is missing") if part.get("imputed") else ""
    source = " · ".join(str(part[name]) for name in ("source", "date") if part.get(name))
    return [
        str(part.get("component", "")).replace("_", " ").capitalize(),
        str(part.get("label") or part.get("feature", "")).replace("_", " "),
        columns.number(_decimal(part.get("value"))),
        columns.number(_decimal(part.get("median"))),
        columns.change(_points(part)) if _points(part) else figures.number(_points(part)),
        imputed or source or columns.unknown("No source"),
    ]


def _points(part: dict[str, Any]) -> Decimal:
    return _decimal(part.get("contribution")) or Decimal(0)


def _exact(value: Decimal) -> str:
    return figures.number(value, PLACES)


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except ArithmeticError:
        return None
