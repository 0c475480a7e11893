"""Where the inputs of a score or a match are from, in words and as a way there; of an analyst's who said so and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.reasons import Why, last_changes
from companies.models import Company, DrugCandidate
from companies.services import is_curated
from scoring.evidence import CURATED
from scoring.models import AcquirerMatch
from signals_app.admin_versions import whys_of
from signals_app.services import ANALYST

# The field of the candidate, or of the company, that an input is read from.
OF_CANDIDATE = {
    ("pipeline", "lead_stage"): ("phase",),
    ("pipeline", "breadth"): ("phase",),
    ("pipeline", "next_completion"): ("next_milestone_date",),
    ("patent", "protected_years"): ("patent_expiry", "orphan_designation", "additional_data"),
    ("regulatory", "breakthrough"): ("breakthrough_therapy",),
    ("regulatory", "orphan"): ("orphan_designation",),
    ("regulatory", "fast_track"): ("fast_track",),
    ("regulatory", "filed_or_approved"): ("phase",),
}
CAP = ("market_cap_usd", "market_cap_as_of")
OF_COMPANY = {("financial", "size"): CAP}
# What a match reads of the companies themselves.
OF_PARTIES = ("market_cap_usd", "cash_position_usd", "total_debt_usd", "therapeutic_areas")
FIT = ("strategic_fit", "best_acquirers")


def is_analysts(source: str | None) -> bool:
    """Return whether an analyst's figure is behind the evidence, alone or with others."""
    text = source or ""
    return text == CURATED or ANALYST in text.partition(":")[0].split(", ")


class Origins:
    """The origins of one score's inputs. Who edited what, and why, is read where an input is an analyst's only."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def cell(self, line: Any) -> Any:
        """Return source and day with a link to where that is to be read; of an analyst's figure the reason below."""
        source, day, url = line.source, line.date, line.source_url
        text = " · ".join(filter(None, (source, figures.day(day) if day else "")))
        if not text:
            return columns.unknown("No source")
        key = (line.component, line.feature)
        if key == FIT:
            return _with_reasons(text, self._behind_fit(getattr(line, "match_ids", ())))
        if not is_analysts(source):
            return format_html("{} {}", text, columns.outside(url)) if url else text
        page, why = self._said(key, getattr(line, "detail", "") or getattr(line, "after", ""), line)
        if page:
            text = columns.link(page, text, title="Who changed it, and why")
        return _with_reasons(text, [why.words] if why else [])

    def _said(self, key: tuple[str, str], detail: str, line: Any) -> tuple[str, Why | None]:
        """Return the history to read and the last edit of what the input is read from."""
        if key in OF_COMPANY:
            page = reverse("admin:companies_company_history", args=[self._company.pk])
            return page, _latest(self._edits_of_company, self._company.pk, OF_COMPANY[key])
        signals = getattr(line, "signal_ids", ())
        if signals:
            found = whys_of(signals=list(signals))
            page = reverse("admin:signals_app_signal_change", args=[signals[0]])
            return page, next((why for why in found.values()), None)
        if key in OF_CANDIDATE:
            return self._of_candidate(OF_CANDIDATE[key], detail)
        facts = whys_of(facts=list(self._curated_facts))
        newest = max(facts.values(), key=lambda why: why.at, default=None)
        page = reverse("admin:signals_app_financialfact_changelist") + f"?company__id__exact={self._company.pk}"
        return page, newest

    def _of_candidate(self, names: tuple[str, ...], detail: str) -> tuple[str, Why | None]:
        """Return the candidate that the input speaks of, else the one edited last, by the way to its history."""
        edited = [row for row in self._candidates if any(is_curated(row.field_sources, name) for name in names)]
        named = [row for row in edited if _title(row) in detail] or edited
        dated = [(why, row) for row in named if (why := _latest(self._edits_of_candidates, row.pk, names))]
        if not dated:
            return "", None
        why, row = max(dated, key=lambda pair: pair[0].at)
        return reverse("admin:companies_drugcandidate_history", args=[row.pk]), why

    def _behind_fit(self, match_ids: Iterable[str]) -> list[str]:
        """Return the reasons behind analysts' figures of the parties of these matches."""
        return reasons_of_parties([self._company, *_acquirers(match_ids)]) if match_ids else []

    @cached_property
    def _edits_of_company(self) -> Mapping[tuple[Any, str], Why]:
        return last_changes(Company, {self._company.pk: CAP})

    @cached_property
    def _candidates(self) -> list[DrugCandidate]:
        return list(DrugCandidate.objects.filter(company__in=self._company.same_ids))

    @cached_property
    def _edits_of_candidates(self) -> Mapping[tuple[Any, str], Why]:
        names = tuple(sorted({name for each in OF_CANDIDATE.values() for name in each}))
        wanted = {
            row.pk: kept
            for row in self._candidates
            if (kept := tuple(name for name in names if is_curated(row.field_sources, name)))
        }
        return last_changes(DrugCandidate, wanted)

    @property
    def _curated_facts(self) -> Iterator[Any]:
        rows = self._company.financial_facts.filter(source=ANALYST, concept="research_and_development")
        yield from rows.order_by("-id").values_list("pk", flat=True)[:20]


def _acquirers(match_ids: Iterable[str]) -> list[Company]:
    rows = AcquirerMatch.objects.filter(pk__in=list(match_ids)).select_related("acquirer_company")
    return [row.acquirer_company for row in rows if row.acquirer_company is not None]


def reasons_of_parties(companies: Iterable[Company]) -> list[str]:
    """Return who set figures of these companies that a match reads, and why: a line a figure, in three queries."""
    rows = {company.pk: company for company in companies}
    wanted = {
        key: kept
        for key, company in rows.items()
        if (kept := tuple(name for name in OF_PARTIES if is_curated(company.field_sources, name)))
    }
    return [
        f"{rows[key].ticker or rows[key].name}, {_label(name)}: {why.words}"
        for (key, name), why in last_changes(Company, wanted).items()
    ]


def _label(name: str) -> str:
    field: Any = Company._meta.get_field(name)
    return str(field.verbose_name)


def _latest(edits: Mapping[tuple[Any, str], Why], key: Any, names: Iterable[str]) -> Why | None:
    return max((edits[key, name] for name in names if (key, name) in edits), key=lambda why: why.at, default=None)


def _title(row: DrugCandidate) -> str:
    return f"{row.name} in {row.indication}" if row.indication else row.name


def _with_reasons(text: Any, reasons: Iterable[str]) -> Any:
    lines = format_html_join("", '<span class="desk-line desk-muted">{}</span>', ((each,) for each in reasons))
    return format_html("{}{}", text, lines)
