"""Which company a register's sponsor or applicant is: by normalised name, exact before fuzzy, and never guessed.

What is equal once names are made comparable (names.py) is the company. What is merely alike is a proposal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from uuid import UUID

from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from signals_app.ingest.merge.reviews import Proposal
from signals_app.ingest.names import core, in_any_order, normalised
from signals_app.review_models import ReviewKind

ALIKE = 0.88
SHORTEST_CORE = 4
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Match:
    """Who a sponsor is: a company, or those it may be, or nobody in the universe."""

    company: Company | None = None
    alike: tuple[Company, ...] = ()


@dataclass
class Sponsors:
    """The live companies under all their names. `unsure` gathers the sponsors that are alike only."""

    by_name: dict[str, dict[UUID, Company]] = field(default_factory=lambda: defaultdict(dict))
    by_core: dict[str, dict[UUID, Company]] = field(default_factory=lambda: defaultdict(dict))
    by_letter: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unsure: dict[str, tuple[Company, ...]] = field(default_factory=dict)
    found: dict[str, Match] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Sponsors:
        """Read the companies and their aliases from the database; tickers are no names."""
        sponsors = cls()
        companies = {company.pk: company for company in Company.objects.order_by("id").defer("search_vector")}
        for company in companies.values():
            sponsors.add(company.name, company)
        kinds = (AliasKind.NAME, AliasKind.FORMER_NAME, AliasKind.MERGED)
        for company_id, alias in CompanyAlias.objects.filter(kind__in=kinds).values_list("company_id", "alias"):
            if company_id in companies:
                sponsors.add(alias, companies[company_id])
        return sponsors

    def add(self, name: str, company: Company) -> None:
        """Let a name lead to a company."""
        normal = normalised(name)
        if normal:
            self.by_name[in_any_order(normal)][company.pk] = company
            heart = core(normal)
            if len(heart) >= SHORTEST_CORE:
                self.by_core[heart][company.pk] = company
                self.by_letter[heart[0]].add(heart)

    def named(self, sponsor: str) -> tuple[Company, ...]:
        """Return the companies of which it is a name, those alike left out."""
        return tuple(self.by_name.get(in_any_order(normalised(sponsor)), {}).values())

    def match(self, sponsor: str) -> Match:
        """Return who the sponsor is. Those merely alike are noted in `unsure`."""
        if sponsor not in self.found:
            self.found[sponsor] = self._match(sponsor)
            if self.found[sponsor].alike:
                self.unsure[sponsor] = self.found[sponsor].alike
        return self.found[sponsor]

    def _match(self, sponsor: str) -> Match:
        exact = self.named(sponsor)
        if len(exact) == 1:
            return Match(company=exact[0])
        if exact:
            return Match(alike=exact)
        heart = core(normalised(sponsor))
        if len(heart) < SHORTEST_CORE:
            return Match()
        alike = dict(self.by_core.get(heart, {}))
        for other in self.by_letter.get(heart[0], ()):
            if _is_alike(heart, other):
                alike |= self.by_core[other]
        return Match(alike=tuple(alike.values()))

    def proposals(self, source: str) -> Iterable[Proposal]:
        """Yield a question for each sponsor that is alike only: is it this company?"""
        for sponsor, companies in sorted(self.unsure.items()):
            names = " or ".join(sorted(company.name for company in companies)[:MOST_NAMED])
            yield Proposal(
                kind=ReviewKind.ALIAS.value,
                company_id=companies[0].pk if len(companies) == 1 else None,
                title=f"Is {sponsor} {names}?",
                proposed={"kind": AliasKind.NAME.value, "alias": sponsor[:255]},
                evidence=f"{source} names {sponsor}",
                source=source,
                source_id=f"sponsor:{normalised(sponsor)}"[:255],
            )


def _is_alike(one: str, other: str) -> bool:
    """Whether two cores are spelled almost alike, or one is the other cut short."""
    if one == other or abs(len(one) - len(other)) > max(len(one), len(other)) // 2:
        return False
    shorter, longer = sorted((one, other), key=len)
    if len(shorter.replace(" ", "")) > SHORTEST_CORE and longer.startswith(f"{shorter} "):
        return True
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
