"""Figures of a list's rows, asked for on demand: how many are known, the sum where it says something, the median."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.http import HttpRequest, HttpResponse

from biotech_ma.core.admin import figures
from biotech_ma.core.admin.column_data import column_source, heading_of
from biotech_ma.core.medians import MiddleValue, median_of

FIGURES = "_figures"
MOST_ROWS = 50_000
# What a column of figures holds: dollars and numbers of things have a sum, shares and scores have none.
USD, COUNT, SHARE, NUMBER = "usd", "count", "share", "number"
SUMMED = frozenset({USD, COUNT})
PERCENT = 100


@dataclass(frozen=True)
class Figure:
    """A column over all rows, in words; `total` is empty where a sum says nothing."""

    heading: str
    known: int
    total: str
    median: str
    exact_total: str = ""
    exact_median: str = ""


@dataclass(frozen=True)
class ListFigures:
    """The figures of the rows that a list's filters leave; of more rows than MOST_ROWS none."""

    rows: int
    columns: list[Figure]

    @property
    def is_refused(self) -> bool:
        """Whether there are too many rows."""
        return self.rows > MOST_ROWS


def figures_of(model_admin: Any, rows: Any, names: list[Any]) -> ListFigures:
    """Return the figures of the rows by the columns of the list that hold any, in one statement.

    The rows are the list's own: what it hides from a user counts for nothing here.
    """
    found = [(name, kind, source) for name in names for kind, source in [_asked(model_admin, name)] if source]
    named = {
        f"figure{place}": F(source) if isinstance(source, str) else source for place, (*_, source) in enumerate(found)
    }
    wanted: dict[str, Any] = {"number": Count("pk")}
    for place, (_, kind, _) in enumerate(found):
        alias = f"figure{place}"
        wanted |= {f"known{place}": Count(alias), f"low{place}": MiddleValue(alias, upper=False)}
        wanted |= {f"high{place}": MiddleValue(alias, upper=True)}
        if kind in SUMMED:
            wanted[f"sum{place}"] = Sum(alias)
    bounded = rows.order_by().annotate(**named).values("pk", *named)[: MOST_ROWS + 1]
    got = bounded.aggregate(**wanted)
    made = [
        _figure(heading_of(model_admin, name), kind, got[f"known{place}"], got.get(f"sum{place}"),
                median_of(got[f"low{place}"], got[f"high{place}"]))
        for place, (name, kind, _) in enumerate(found)
    ]  # fmt: skip
    return ListFigures(got["number"], made)


def _asked(model_admin: Any, name: Any) -> tuple[str, Any]:
    """Return what kind of figures a column holds and where they are in the database; no place where it holds none."""
    cell = getattr(model_admin, str(name), None)
    if getattr(cell, "formatting", "") != "price":
        return "", None
    return getattr(cell, "figure", NUMBER), column_source(cell)


def _figure(heading: str, kind: str, known: int, total: Decimal | None, median: Decimal | None) -> Figure:
    if kind == USD:
        return Figure(
            heading, known, figures.money(total), figures.money(median),
            figures.exact_money(total), figures.exact_money(median),
        )  # fmt: skip
    if kind == SHARE:
        percent = "" if median is None else " %"
        return Figure(heading, known, "", figures.number(None if median is None else median * PERCENT) + percent)
    return Figure(heading, known, figures.number(total, 0) if kind == COUNT else "", _plainly(median))


def _plainly(median: Decimal | None) -> str:
    """Return a median to two decimals, without those that say nothing."""
    text = figures.number(median, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


class FiguresOfRows:
    """Adds *Figures of these rows* below a list."""

    def with_figures(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add the figures to the list's page where they are asked for."""
        context = getattr(response, "context_data", None) or {}
        changes = context.get("cl")
        if changes is None or changes.formset is not None:
            return response
        context["may_ask_figures"] = any(_asked(self, name)[1] for name in changes.list_display)
        if FIGURES in request.GET and context["may_ask_figures"] and changes.result_count:
            context["figures"] = figures_of(self, changes.queryset, changes.list_display)
            context["most_rows"] = MOST_ROWS
        return response
