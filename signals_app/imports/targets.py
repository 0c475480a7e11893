"""What a column of an imported file can be, for each kind of import: its name, how a cell is read, its headings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from companies.choices import Phase, Role, TherapeuticArea
from signals_app.catalogue import CATALOGUE, Severity
from signals_app.imports import headings


class Kind(StrEnum):
    """What a file is imported into."""

    COMPANIES = "companies"
    CANDIDATES = "candidates"
    EVENTS = "events"


class Shape(StrEnum):
    """How a cell is read."""

    MONEY = "money"
    WHOLE = "whole"
    DAY = "day"
    YES = "yes"
    WORDS = "words"
    CHOICE = "choice"
    CHOICES = "choices"
    CIK = "cik"
    TICKER = "ticker"
    ADDRESS = "address"
    KEY = "key"


@dataclass(frozen=True)
class Target:
    """A field that a column can fill. `also` are other headings that mean it; `least` and `most` bound a figure."""

    name: str
    label: str
    shape: Shape
    also: tuple[str, ...] = ()
    longest: int = 255
    words: Mapping[str, str] = field(default_factory=dict)
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that means it, the likeliest first."""
        return (self.name, self.label, *self.also, *headings.ABROAD.get(self.name, ()))


def _choices(choices: Any, **also: str) -> dict[str, str]:
    """Return the words that mean each choice: its value, its label and what else is usual."""
    found = {plain(value): value for value in choices.values}
    found |= {plain(label): value for value, label in choices.choices}
    for value, words in also.items():
        found |= {plain(word): value for word in words.split(",")}
    return found


@lru_cache(maxsize=2000)
def plain(text: str) -> str:
    """Return a heading or a choice in small letters and digits alone, so that spelling does not matter."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


ROLES = _choices(Role, acquirer="buyer,bidder", excluded="exclude,out")
PHASES = _choices(
    Phase,
    discovery="research",
    preclinical="pre-clinical,pc,ind-enabling",
    phase_1="ph1,p1,phase i,ph i,1,i",
    phase_1_2="ph1/2,p1/2,phase i/ii,1/2,i/ii,phase 1b/2,phase 1/2a",
    phase_2="ph2,p2,phase ii,ph ii,2,ii,phase 2a,phase 2b,ph2a,ph2b",
    phase_2_3="ph2/3,p2/3,phase ii/iii,2/3,ii/iii",
    phase_3="ph3,p3,phase iii,ph iii,3,iii,pivotal",
    nda_bla="nda,bla,filed,registration,nda/bla,submitted",
    approved="marketed,launched,commercial",
    discontinued="terminated,stopped,dropped",
)
AREAS = _choices(
    TherapeuticArea,
    oncology="cancer,onc,hematology,haematology",
    immunology="inflammation,i&i,autoimmune",
    neurology="cns,neuroscience",
    cardiovascular="cv,cardiology",
    rare_disease="rare,orphan",
    infectious_disease="infectious,id,vaccines,virology",
    metabolic="metabolism,endocrinology,obesity,diabetes",
    respiratory="pulmonary",
    ophthalmology="eye",
    dermatology="skin",
)
TYPES = {plain(name): name for name in CATALOGUE} | {plain(kind.label): name for name, kind in CATALOGUE.items()}
NOT_NEGATIVE = Decimal(0)

_COMPANY = (
    Target("cik", "SEC CIK", Shape.CIK, ("cik code", "cik number", "sec cik")),
    Target("ticker", "Ticker", Shape.TICKER, ("symbol", "bbg ticker", "bloomberg ticker", "stock", "ticker symbol")),
)
COMPANIES = (
    *_COMPANY,
    Target("name", "Name", Shape.WORDS, ("company", "company name", "issuer", "target", "security")),
    Target("new_name", "Rename to", Shape.WORDS, ("new name",)),
    Target("role", "Role", Shape.CHOICE, ("type", "company type"), words=ROLES),
    Target(
        "market_cap_usd",
        "Market cap, USD",
        Shape.MONEY,
        (
            "market cap",
            "cap",
            "mkt cap",
            "mcap",
            "market capitalization",
            "market capitalisation",
            "equity value",
            "market value",
        ),
        least=NOT_NEGATIVE,
    ),
    Target(
        "market_cap_as_of",
        "Market cap as of",
        Shape.DAY,
        ("price date", "price day", "pricing date", "as of", "date", "as of date"),
    ),
    Target("cash_position_usd", "Liquid funds, USD", Shape.MONEY, headings.CASH, least=NOT_NEGATIVE),
    Target("quarterly_burn_rate_usd", "Burn, USD a quarter", Shape.MONEY, headings.BURN),
    Target("total_debt_usd", "Total debt, USD", Shape.MONEY, ("debt", "total debt", "gross debt"), least=NOT_NEGATIVE),
    Target(
        "therapeutic_areas",
        "Areas",
        Shape.CHOICES,
        ("therapeutic area", "therapeutic areas", "area", "ta", "indication area", "focus"),
        words=AREAS,
    ),
    Target(
        "founded_year",
        "Founded",
        Shape.WHOLE,
        ("founded year", "year founded"),
        least=Decimal(1600),
        most=Decimal(2200),
    ),
    Target(
        "employee_count",
        "Employees",
        Shape.WHOLE,
        ("employee count", "headcount", "fte", "ftes"),
        least=NOT_NEGATIVE,
        most=Decimal(2_000_000_000),
    ),
    Target("headquarters_location", "Headquarters", Shape.WORDS, ("headquarters location", "hq", "location", "city")),
    Target("is_public", "Listed", Shape.YES, ("is public", "public", "is listed")),
)
CANDIDATES = (
    *_COMPANY,
    Target("company", "Company", Shape.WORDS, ("company name", "issuer", "sponsor", "owner", "originator")),
    Target(
        "name",
        "Drug",
        Shape.WORDS,
        ("drug name", "asset", "compound", "candidate", "product", "program", "programme", "molecule", "name"),
    ),
    Target("indication", "Indication", Shape.WORDS, ("disease", "condition", "lead indication"), longest=500),
    Target("phase", "Phase", Shape.CHOICE, ("stage", "development stage", "highest phase", "status"), words=PHASES),
    Target("therapeutic_area", "Area", Shape.CHOICE, ("therapeutic area", "ta"), words=AREAS),
    Target("mechanism", "Mechanism", Shape.WORDS, ("moa", "mechanism of action", "target", "modality"), longest=500),
    Target("next_milestone", "Next milestone", Shape.WORDS, ("milestone", "catalyst", "next catalyst", "event")),
    Target(
        "next_milestone_date",
        "Milestone due",
        Shape.DAY,
        ("next milestone date", "milestone date", "catalyst date", "due", "date", "timing", "expected"),
    ),
    Target(
        "patent_expiry", "Patent expiry", Shape.DAY, ("loe", "patent", "expiry", "exclusivity end", "patent expiration")
    ),
    Target("orphan_designation", "Orphan", Shape.YES, ("orphan designation", "odd", "orphan drug")),
    Target("fast_track", "Fast track", Shape.YES, ("fast track designation", "ftd")),
    Target(
        "breakthrough_therapy", "Breakthrough", Shape.YES, ("breakthrough therapy", "btd", "breakthrough designation")
    ),
    Target(
        "market_potential_usd",
        "Market potential, USD",
        Shape.MONEY,
        ("market potential", "peak sales", "peak sales estimate", "peak revenue"),
        least=NOT_NEGATIVE,
    ),
)
EVENTS = (
    *_COMPANY,
    Target("id", "Signal of the desk", Shape.KEY, ("signal id",)),
    Target("company", "Company", Shape.WORDS, ("company name", "issuer", "name")),
    Target("signal_type", "Type", Shape.CHOICE, ("signal type", "event type", "category"), words=TYPES),
    Target("event_date", "Day", Shape.DAY, ("date", "event date", "announced", "announcement date")),
    Target("title", "Title", Shape.WORDS, ("headline", "event", "what", "summary"), longest=500),
    Target("description", "Description", Shape.WORDS, ("notes", "comment", "details", "text"), longest=20_000),
    Target("severity", "Severity", Shape.CHOICE, ("importance",), words=_choices(Severity)),
    Target("source_url", "Address of the source", Shape.ADDRESS, ("url", "link", "source url", "source")),
)

TARGETS: dict[Kind, tuple[Target, ...]] = {
    Kind.COMPANIES: COMPANIES,
    Kind.CANDIDATES: CANDIDATES,
    Kind.EVENTS: EVENTS,
}
# By any of these a row finds its company.
KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.COMPANIES: ("cik", "ticker", "name"),
    Kind.CANDIDATES: ("cik", "ticker", "company"),
    Kind.EVENTS: ("cik", "ticker", "company"),
}
NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.COMPANIES: (),
    Kind.CANDIDATES: ("name",),
    Kind.EVENTS: ("signal_type", "event_date", "title"),
}


def target_of(kind: Kind, name: str) -> Target | None:
    """Return the field of this name, None where the kind has none."""
    return next((target for target in TARGETS[kind] if target.name == name), None)
