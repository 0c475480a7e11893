"""The fields that a condition can name: of the company, of its latest score, of the signal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from companies.choices import Role, TherapeuticArea
from signals_app.catalogue import CATALOGUE, SEVERITY_ORDER


class Kind(StrEnum):
    """What a field holds, which decides how it can be compared."""

    NUMBER = "a number"
    WHOLE = "a whole number"
    TEXT = "text"
    CHOICE = "one of a list"
    RANK = "one of a rising list"
    BOOLEAN = "true or false"
    DAY = "a day"
    INSTANT = "an instant, compared by its day in New York"
    WORDS = "a list of words"
    TAGS = "a list of the desk's own words"


EQUAL, ORDER = ("eq", "ne"), ("gt", "gte", "lt", "lte")
# The operators of each kind; `known` asks whether there is a value at all.
OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.NUMBER: (*EQUAL, *ORDER, "known"),
    Kind.WHOLE: (*EQUAL, *ORDER, "known"),
    Kind.TEXT: (*EQUAL, "in", "not_in", "contains", "starts_with", "known"),
    Kind.CHOICE: (*EQUAL, "in", "not_in", "known"),
    Kind.RANK: (*EQUAL, *ORDER, "in", "not_in", "known"),
    Kind.BOOLEAN: (*EQUAL, "known"),
    Kind.DAY: (*EQUAL, *ORDER, "known"),
    Kind.INSTANT: (*EQUAL, *ORDER, "known"),
    Kind.WORDS: ("contains", "in", "not_in"),
    Kind.TAGS: ("contains", "in", "not_in"),
}
OPERATOR_LABELS = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "starts_with": "starts with",
    "known": "is known",
}
OPERATOR_SIGNS = {"=": "eq", "==": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its full name, such as `score.total_score`, with the column that holds it."""

    owner: str
    column: str
    label: str
    kind: Kind
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that a condition writes."""
        return f"{self.owner}.{self.column}"

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that it takes."""
        return OPERATORS[self.kind]


def _company(column: str, label: str, kind: Kind, choices: tuple[str, ...] = ()) -> Field:
    return Field("company", column, label, kind, choices)


def _score(column: str, label: str, kind: Kind = Kind.NUMBER) -> Field:
    return Field("score", column, label, kind)


def _signal(column: str, label: str, kind: Kind, choices: tuple[str, ...] = ()) -> Field:
    return Field("signal", column, label, kind, choices)


FIELDS: tuple[Field, ...] = (
    _company("ticker", "Ticker", Kind.TEXT),
    _company("name", "Name", Kind.TEXT),
    _company("role", "Role", Kind.CHOICE, tuple(Role.values)),
    _company("therapeutic_areas", "Therapeutic areas", Kind.WORDS, tuple(TherapeuticArea.values)),
    _company("tags", "Tags", Kind.TAGS),
    _company("market_cap_usd", "Market cap, USD", Kind.NUMBER),
    _company("enterprise_value_usd", "Enterprise value, USD", Kind.NUMBER),
    _company("cash_position_usd", "Liquid funds, USD", Kind.NUMBER),
    _company("total_debt_usd", "Total debt, USD", Kind.NUMBER),
    _company("quarterly_burn_rate_usd", "Burn, USD a quarter", Kind.NUMBER),
    _company("runway_quarters", "Runway, quarters", Kind.NUMBER),
    _company("is_cash_constrained", "Cash-constrained", Kind.BOOLEAN),
    _company("is_public", "Listed", Kind.BOOLEAN),
    _company("employee_count", "Employees", Kind.WHOLE),
    _company("founded_year", "Founded, year", Kind.WHOLE),
    _company("headquarters_location", "Headquarters", Kind.TEXT),
    _company("under_offer_since", "Under offer since", Kind.DAY),
    _score("total_score", "Total score"),
    _score("percentile_rank", "Percentile"),
    _score("confidence", "Confidence, 0 to 1"),
    _score("score_change_30d", "Change, 30 days"),
    _score("score_change_90d", "Change, 90 days"),
    _score("pipeline_score", "Pipeline score"),
    _score("patent_score", "Patent score"),
    _score("financial_score", "Financial score"),
    _score("insider_score", "Insider score"),
    _score("strategic_fit_score", "Strategic fit score"),
    _score("regulatory_score", "Regulatory score"),
    _score("score_date", "Day of the score", Kind.DAY),
    _signal("signal_type", "Type", Kind.CHOICE, tuple(CATALOGUE)),
    _signal("severity", "Severity", Kind.RANK, SEVERITY_ORDER),
    _signal("confidence", "Confidence, 0 to 1", Kind.NUMBER),
    _signal("ma_impact_score", "Impact, −10 to +10", Kind.NUMBER),
    _signal("title", "Title", Kind.TEXT),
    _signal("source", "Source", Kind.TEXT),
    _signal("event_date", "Happened", Kind.INSTANT),
    _signal("available_at", "Known since", Kind.INSTANT),
)
BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}


def _short_names() -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for field in FIELDS:
        found.setdefault(field.column, []).append(field)
    return found


# A column's name alone will do where only one of the three has such a column.
BY_COLUMN = _short_names()
OWNER_ALIASES = {"latest_score": "score"}
