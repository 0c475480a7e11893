"""Which company a register's sponsor or applicant is: by normalised name, exact before fuzzy, and never guessed.

Registers shorten and decorate names: `ACADIA PHARMS INC`, `Xencor, Inc.`, `Société des Produits Nestlé (SPN)`. What is
equal once legal forms are dropped and abbreviations written out is the company. What is merely alike is a proposal.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from uuid import UUID

from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from signals_app.ingest.merge.reviews import Proposal
from signals_app.review_models import ReviewKind

_LEGAL_FORMS = """
ab ag aps as asa bv co company corp corporation cv gmbh inc incorporated kabushiki kaisha kg kk limited llc lp
llp ltd nv oy oyj plc pte pty pvt sa sab sarl sas se spa srl sl slu the
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
WRITTEN_OUT = {
    "pharms": "pharmaceuticals", "pharm": "pharmaceuticals", "pharma": "pharmaceuticals",
    "pharmaceutical": "pharmaceuticals", "pharmaceut": "pharmaceuticals", "pharmac": "pharmaceuticals",
    "therap": "therapeutics", "theraps": "therapeutics", "theraputics": "therapeutics",
    "therapeutic": "therapeutics", "labs": "laboratories", "lab": "laboratories", "laboratory": "laboratories",
    "intl": "international", "biopharms": "biopharmaceuticals", "biopharm": "biopharmaceuticals",
    "biopharma": "biopharmaceuticals", "biopharmaceutical": "biopharmaceuticals", "bioscience": "biosciences",
    "biotherap": "biotherapeutics", "biotheraps": "biotherapeutics", "biotech": "biotechnology", "sci": "sciences",
    "science": "sciences", "hlthcare": "healthcare", "hlth": "health", "tech": "technology", "techs": "technologies",
    "med": "medicines", "medicine": "medicines", "res": "research", "dev": "development", "genetic": "genetics",
    "onc": "oncology", "immun": "immunology", "ind": "industries", "inds": "industries", "prods": "products",
    "hldgs": "holdings", "hldg": "holdings", "grp": "group", "vax": "vaccines",
}  # fmt: skip
# A subsidiary in the United States is named after its country.
COUNTRY_TAILS = frozenset({"us", "usa", "america", "americas"})
# Words that many names share: two names that differ by these alone are alike, not equal.
_COMMON = """
pharmaceuticals biopharmaceuticals therapeutics biotherapeutics biosciences sciences laboratories
biotechnology medicines oncology holdings group international healthcare health technologies technology
research development bio biologics genetics ireland europe uk global operations products industries and of
north
"""
COMMON = frozenset(_COMMON.split())
MERGED_WORDS = re.compile(r"\b(a s|s a|n v|b v|p l c|s p a|l l c)\b")
IS_NOW = re.compile(r"\b(?:a|is now a|now a)?\s*(?:wholly owned )?subsidiary of\b.*$|\bis now\b.*$", re.IGNORECASE)
PARENTHESIS = re.compile(r"\([^)]*\)")
ALIKE = 0.88
SHORTEST_CORE = 4
MOST_NAMED = 3


@lru_cache(maxsize=50_000)
def normalised(name: str) -> str:
    """Return the name's words in lower case, without accents, legal forms and country, abbreviations written out."""
    plain = unicodedata.normalize("NFKD", PARENTHESIS.sub(" ", name)).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9]+", " ", IS_NOW.sub("", plain).lower().replace("&", " ")).strip()
    text = MERGED_WORDS.sub(lambda match: match[0].replace(" ", ""), text)
    words = [WRITTEN_OUT.get(word, word) for word in text.split()]
    while len(words) > 1 and (words[-1] in LEGAL_FORMS or words[-1] in COUNTRY_TAILS):
        words.pop()
    while len(words) > 1 and words[0] == "the":
        words.pop(0)
    # A legal form in front is part of the name: AB Science, Co-Diagnostics.
    return " ".join(
        [words[0], *(word for word in words[1:] if word not in LEGAL_FORMS and word != "and")] if words else []
    )


def in_any_order(name: str) -> str:
    """Return a normalised name's words sorted: EDGAR writes `LILLY ELI & CO`."""
    return " ".join(sorted(name.split()))


def core(name: str) -> str:
    """Return what is left of a normalised name without the words that many share."""
    return " ".join(word for word in name.split() if word not in COMMON)


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
