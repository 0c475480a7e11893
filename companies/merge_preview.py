"""What a merge of two companies would do, before it is done: both side by side, and what would be read together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count

from biotech_ma.core import closed
from biotech_ma.core.admin import figures
from companies.merging import FILLABLE, fillable, same_drugs
from companies.models import Company

# What identifies a company, then its figures, then the rest: the order of the form.
SHOWN = (
    "name", "ticker", "cik", "role", "is_public", "headquarters_location", "therapeutic_areas", "tags",
    "market_cap_usd", "market_cap_as_of", "cash_position_usd", "quarterly_burn_rate_usd", "total_debt_usd",
    "founded_year", "employee_count", "history_starts", "under_offer_since",
)  # fmt: skip
# By the name under which a company has them, and what the desk calls them.
TOGETHER = {"signals": "Signals", "financial_facts": "Reported figures", "notes": "Notes"}
# What the restricted list closes: not even its number is told.
CLOSED = frozenset({"notes"})


@dataclass(frozen=True)
class Line:
    """One field of both companies, and whether the kept one could take the duplicate's value over."""

    name: str
    label: str
    kept: Any
    duplicate: Any
    may_fill: bool

    @property
    def differs(self) -> bool:
        """Whether the two have different values."""
        return bool(self.kept != self.duplicate)

    @property
    def kept_text(self) -> str:
        """The kept company's value in words."""
        return _words(self.name, self.kept)

    @property
    def duplicate_text(self) -> str:
        """The duplicate's value in words."""
        return _words(self.name, self.duplicate)


@dataclass(frozen=True)
class Amount:
    """How many rows of a kind each of the two has, and what becomes of the duplicate's."""

    label: str
    kept: int
    duplicate: int
    fate: str


@dataclass(frozen=True)
class Preview:
    """Both companies field by field, and their rows."""

    lines: list[Line]
    amounts: list[Amount]


def preview_of(kept: Company, duplicate: Company, reader: closed.Reader = closed.NOBODY) -> Preview:
    """Return what a merge would do, in a fixed number of queries. Notes that are closed to the reader do not count."""
    possible = set(fillable(kept, duplicate))
    lines = [
        Line(name, _label(name), getattr(kept, name), getattr(duplicate, name), name in possible) for name in SHOWN
    ]
    return Preview(lines, list(_amounts(kept, duplicate, reader)))


def _words(name: str, value: Any) -> str:
    field: Any = Company._meta.get_field(name)
    if name.endswith("_usd"):
        return figures.exact_money(value) if value is not None else "—"
    return str(dict(field.flatchoices).get(value, figures.plain(value))) if field.choices else figures.plain(value)


def _label(name: str) -> str:
    label = str(Company._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def _amounts(kept: Company, duplicate: Company, reader: closed.Reader) -> Iterable[Amount]:
    for name, label in TOGETHER.items():
        found = _counted(name, (kept.pk, duplicate.pk), reader if name in CLOSED else None)
        yield Amount(label, found[kept.pk], found[duplicate.pk], "stay under the duplicate and are read together")
    twins = [row for row in same_drugs(duplicate, kept) if not row.is_archived]
    found = _counted("drug_candidates", (kept.pk, duplicate.pk))
    fate = "move to the kept company"
    if twins:
        names = ", ".join(sorted({row.name for row in twins})[:3]) + ("…" if len(twins) > 3 else "")  # noqa: PLR2004
        fate += f"; {len(twins)} that it has itself ({names}) are archived"
    yield Amount("Drug candidates", found[kept.pk], found[duplicate.pk], fate)
    found = _counted("aliases", (kept.pk, duplicate.pk))
    yield Amount(
        "Other names", found[kept.pk], found[duplicate.pk], "lead to the kept company, its name and ticker too"
    )
    found = _counted("scores", (kept.pk, duplicate.pk))
    yield Amount("Scores", found[kept.pk], found[duplicate.pk], "stay as they were and leave the ranking")


def _counted(name: str, ids: tuple[UUID, UUID], reader: closed.Reader | None = None) -> dict[UUID, int]:
    """Return how many rows of a kind, named as the company has it, each of the two has; archived ones left out.

    With a reader those that he may read.
    """
    model: Any = Company._meta.get_field(name).related_model
    rows = model._default_manager.filter(company_id__in=ids).order_by()
    rows = rows if reader is None else closed.narrowed(rows, reader)
    return dict.fromkeys(ids, 0) | dict(rows.values_list("company_id").annotate(number=Count("pk")))


def seemingly_kept(one: Company, other: Company) -> tuple[Company, Company]:
    """Return the two with the better known first: registered, listed, with more filled in, longer on record."""

    def known(company: Company) -> tuple[Any, ...]:
        filled = sum(getattr(company, name) not in (None, "", []) for name in FILLABLE)
        return company.cik is None, company.ticker is None, -filled, company.created_at

    first, second = sorted((one, other), key=known)
    return first, second
