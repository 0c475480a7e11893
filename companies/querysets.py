"""Questions about companies and drug candidates, in the analyst's words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import models
from django.db.models import Case, Exists, F, FilteredRelation, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.expressions import Value

from biotech_ma.core.models import SoftDeleteQuerySet
from biotech_ma.core.vocabulary import known
from companies.choices import Phase, Role, TherapeuticArea
from companies.statistics import CompanyStatistics, statistics_of

if TYPE_CHECKING:
    from companies.models import Company, CompanyNote, DrugCandidate, Watchlist  # noqa: F401  (named in quotes below)

type CompanyRef = str | UUID | Company

TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
NAME_LENGTH = 255
FLAGGED_QUARTERS = 4  # the runway under which `is_cash_constrained` is set
CASH_STATUSES = {"constrained": True, "unconstrained": False, "unknown": None}
LATE_PHASES = (Phase.PHASE_2_3, Phase.PHASE_3, Phase.NDA_BLA)
NOTHING = Q(pk__in=[])


def id_or_ticker(ref: str | UUID) -> UUID | str | None:
    """Return the UUID or the ticker (in capitals) that a reference is, or None for what can be neither."""
    if isinstance(ref, UUID):
        return ref
    try:
        return UUID(ref.strip())
    except ValueError:
        ticker = ref.strip().upper()
        return ticker if TICKER.fullmatch(ticker) else None


def company_q(ref: CompanyRef, path: str = "company") -> Q:
    """Return the condition that the foreign key `path` leads to the company: the row, its id, or its live ticker.

    A ticker becomes a scalar subquery, not a join: the planner then reads the index of the key alone.
    """
    from companies.models import Company

    if isinstance(ref, Company):
        return Q(**{f"{path}_id": ref.pk})
    match id_or_ticker(ref):
        case UUID() as key:
            return Q(**{f"{path}_id": key})
        case str() as ticker:
            return Q(**{f"{path}_id": Subquery(Company.objects.filter(ticker=ticker).values("pk")[:1])})
    return NOTHING


def same_company_q(ref: CompanyRef, path: str = "company") -> Q:
    """Return the condition that a ledger row is the company's: under its own id, or one that was merged into it.

    For what is read together (docs/adr/0034). The ids are the company's own where it is given, else a subquery's.
    """
    from companies.models import Company

    if isinstance(ref, Company):
        return Q(**{f"{path}_id__in": ref.same_ids})
    match id_or_ticker(ref):
        case UUID() as key:
            own: Any = key
        case str() as ticker:
            own = Subquery(Company.objects.filter(ticker=ticker).values("pk")[:1])
        case _:
            return NOTHING
    same = Company.all_objects.filter(Q(pk=own) | Q(merged_into=own))
    return Q(**{f"{path}_id__in": same.values("pk")})


def merged_at(ref: str | UUID) -> Company | None:
    """Return the merged duplicate of this id, or the one merged last that had this ticker, with the company kept.

    None where there is none. A live company of the ticker is not asked for: whoever asks has looked for it before.
    """
    from companies.models import Company

    merged = Company.all_objects.by_ref(ref).filter(merged_into__isnull=False)
    return merged.select_related("merged_into").order_by("-deleted_at", "-id").first()


def stands_q(path: str = "company") -> Q:
    """Return the condition that a row's company is live, or that the one is as which it is read."""
    from companies.models import Company

    kept = Company.objects.filter(pk=OuterRef(f"{path}__merged_into_id"))
    is_live = Q(**{f"{path}__deleted_at__isnull": True})
    # Rows of live companies, which nearly all are, never come to the second question.
    return is_live | (Q(**{f"{path}__merged_into__isnull": False}) & Q(Exists(kept)))


class CompanyQuerySet(SoftDeleteQuerySet["Company"]):
    """Questions about companies."""

    def targets(self) -> Self:
        """Return the companies that are ranked as targets."""
        return self.filter(role=Role.TARGET)

    def acquirers(self) -> Self:
        """Return the companies that buy."""
        return self.filter(role=Role.ACQUIRER)

    def excluded(self) -> Self:
        """Return the companies kept out of the ranking."""
        return self.filter(role=Role.EXCLUDED)

    def with_role(self, *roles: str) -> Self:
        """Return the companies of any of these roles. Raises ValueError for an unknown one."""
        return self.filter(role__in=known(roles, Role.values, noun="role"))

    def by_ref(self, ref: str | UUID) -> Self:
        """Return the company of this id or ticker (any case), at most one among the live."""
        match id_or_ticker(ref):
            case UUID() as key:
                return self.filter(pk=key)
            case str() as ticker:
                return self.filter(ticker=ticker)
        return self.none()

    def near_tickers(self, ref: str) -> list[str]:
        """Return up to three tickers that look like a mistyped one, the nearest first."""
        tickers = self.filter(ticker__isnull=False).order_by("ticker").values_list("ticker", flat=True)
        return get_close_matches(ref.strip().upper(), [str(ticker) for ticker in tickers], n=3, cutoff=0.5)

    def search(self, text: str) -> Self:
        """Return what the text finds in name, ticker, CIK and aliases: the exact ticker first, then prefixes, the rest.

        `%` and `_` are letters here. A blank text asks for nothing in particular and returns every row.
        """
        from companies.models import CompanyAlias

        words = text.strip()
        if not words:
            return self
        if "\x00" in words or len(words) > NAME_LENGTH:
            return self.none()
        ticker = words.upper()
        normalized = re.sub(r"[^A-Za-z0-9]+", "", words).upper()
        alias = Q(alias__icontains=words) | (Q(normalized=normalized) if normalized else Q())
        cik = Q(cik=words.zfill(10)) if words.isascii() and words.isdecimal() else Q()
        return (
            self.filter(
                cik
                | Q(name__icontains=words)
                | Q(ticker__contains=ticker)
                | Q(search_vector=SearchQuery(words, config="simple"))
                | Q(pk__in=CompanyAlias.objects.filter(alias).values("company_id"))
            )
            .alias(
                search_rank=Case(
                    When(ticker=ticker, then=Value(0)),
                    When(Q(ticker__startswith=ticker) | Q(name__istartswith=words), then=Value(1)),
                    default=Value(2),
                )
            )
            .order_by("search_rank", "name", "id")
        )

    def in_area(self, *areas: str) -> Self:
        """Return the companies active in any of the areas. Raises ValueError for an unknown one."""
        condition = NOTHING
        for area in known(areas, TherapeuticArea.values, noun="therapeutic area"):
            condition |= Q(therapeutic_areas__contains=[area])
        return self.filter(condition)

    def market_cap_between(self, low: Decimal | int | None, high: Decimal | int | None) -> Self:
        """Return the companies whose market cap in USD lies in the range (ends included, None = open).

        An unknown cap lies in no range; with both ends open nothing is asked.
        """
        rows = self
        if low is not None:
            rows = rows.filter(market_cap_usd__gte=low)
        return rows if high is None else rows.filter(market_cap_usd__lte=high)

    def cash_constrained(self, max_runway_quarters: Decimal | int = FLAGGED_QUARTERS) -> Self:
        """Return the companies with less runway than that, shortest first; an unknown runway is not a short one.

        Under the usual four quarters the flag decides, which an analyst may have set by hand; else the runway itself.
        """
        if max_runway_quarters == FLAGGED_QUARTERS:
            rows = self.filter(is_cash_constrained=True)
        else:
            rows = self.filter(runway_quarters__lt=max_runway_quarters)
        return rows.order_by("runway_quarters", "id")

    def cash_status(self, status: str) -> Self:
        """Return the companies that are "constrained", "unconstrained" or "unknown". Raises ValueError for others."""
        known([status], CASH_STATUSES, noun="cash status")
        flag = CASH_STATUSES[status]
        return self.filter(is_cash_constrained__isnull=True) if flag is None else self.filter(is_cash_constrained=flag)

    def with_phase(self, *phases: str) -> Self:
        """Return the companies with a live candidate in one of these phases. Raises ValueError for an unknown one."""
        from companies.models import DrugCandidate

        listed = known(phases, Phase.values, noun="phase")
        return self.filter(Exists(DrugCandidate.objects.filter(company=OuterRef("pk"), phase__in=listed)))

    def with_min_score(self, score: Decimal | int) -> Self:
        """Return the companies whose latest score is at least this."""
        return self.filter(scores__is_latest=True, scores__total_score__gte=score)

    def with_pipeline(self) -> Self:
        """Load the live candidates too, in one further query: `company.drug_candidates.all()` is then free."""
        from companies.models import DrugCandidate

        return self.prefetch_related(Prefetch("drug_candidates", queryset=DrugCandidate.objects.order_by("name", "id")))

    def with_latest_score(self) -> Self:
        """Load the latest score too, in one further query, as the list `latest_scores` of none or one."""
        scores: type[models.Model] = self.model._meta.get_field("scores").related_model
        return self.prefetch_related(
            Prefetch("scores", queryset=scores._default_manager.filter(is_latest=True), to_attr="latest_scores")
        )

    def with_score_columns(self) -> Self:
        """Annotate `latest_total_score`, `latest_percentile_rank` and `latest_score_date`, to show and to sort by."""
        return self.annotate(
            latest=FilteredRelation("scores", condition=Q(scores__is_latest=True)),
            latest_total_score=F("latest__total_score"),
            latest_percentile_rank=F("latest__percentile_rank"),
            latest_score_date=F("latest__score_date"),
        )

    def statistics(self) -> CompanyStatistics:
        """Return counts and sums over these companies, in one statement."""
        return statistics_of(self)


class WatchlistQuerySet(SoftDeleteQuerySet["Watchlist"]):
    """Questions about watchlists."""

    def seen_by(self, user: Any) -> Self:
        """Return the user's own lists and those that others share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class DrugCandidateQuerySet(SoftDeleteQuerySet["DrugCandidate"]):
    """Questions about drug candidates."""

    def of_company(self, ref: CompanyRef) -> Self:
        """Return the candidates of the company of this id or live ticker."""
        return self.filter(company_q(ref))

    def of_live_companies(self) -> Self:
        """Return the candidates whose company is not archived."""
        return self.filter(company__deleted_at__isnull=True)

    def in_phase(self, *phases: str) -> Self:
        """Return the candidates in any of these phases. Raises ValueError for an unknown one."""
        return self.filter(phase__in=known(phases, Phase.values, noun="phase"))

    def in_area(self, *areas: str) -> Self:
        """Return the candidates in any of these areas. Raises ValueError for an unknown one."""
        return self.filter(therapeutic_area__in=known(areas, TherapeuticArea.values, noun="therapeutic area"))

    def late_stage(self) -> Self:
        """Return the candidates from phase 2/3 up to the filing; what is approved or given up is past its stages."""
        return self.filter(phase__in=LATE_PHASES)

    def orphan(self) -> Self:
        """Return the candidates that are known to be designated orphan drugs."""
        return self.filter(orphan_designation=True)

    def upcoming(self, since: dt.date, until: dt.date) -> Self:
        """Return the candidates with a milestone due in the period (both days included), soonest first."""
        return self.filter(next_milestone_date__range=(since, until)).order_by("next_milestone_date", "id")

    def with_company(self) -> Self:
        """Load the company in the same query."""
        return self.select_related("company")


class CompanyNoteQuerySet(SoftDeleteQuerySet["CompanyNote"]):
    """Questions about notes."""

    def of_company(self, ref: CompanyRef) -> Self:
        """Return the notes on the company of this id or live ticker, those on its duplicates with them."""
        return self.filter(same_company_q(ref))
