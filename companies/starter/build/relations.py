"""What binds targets to acquirers: licences, collaborations, options and stakes, as far as an analyst is certain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from companies import starter
from companies.starter.curated import CURATION

STAKE = "stake"
SOURCE = "press"


def ties(companies: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield `partnership`, `passive_stake` and `partnership_ended` on the targets; `companies` are the rows by key.

    A day that is not certain is the last of the month, quarter or year by which the public knew: `precision` tells.
    """
    for row in starter.rows(CURATION / "relations.csv"):
        target, other = companies[row["company"]], companies[row["acquirer"]]
        key = f"{row['company']}:{row['acquirer']}:{row['kind']}:{_slug(row['drug'])}"
        drug = f" ({row['drug']})" if row["drug"] else ""
        if row["kind"] == STAKE:
            data = _named("holder", other)
            title = f"{other['name']} holds shares of {target['name']}"
            yield _signal(row, "passive_stake", "known_from", "low", title, f"{key}:{row['known_from']}", data)
            continue
        data = _named("partner", other) | {"kind": row["kind"]} | ({"drug": row["drug"]} if row["drug"] else {})
        title = f"{_WORDS[row['kind']]} of {target['name']} and {other['name']}{drug}"
        yield _signal(row, "partnership", "known_from", "medium", title, f"{key}:{row['known_from']}", data)
        if row["ended"]:
            title = f"{_WORDS[row['kind']]} of {target['name']} and {other['name']}{drug} ends"
            yield _signal(row, "partnership_ended", "ended", "high", title, f"{key}:ended:{row['ended']}", data)


_WORDS = {
    "licence": "Licence",
    "collaboration": "Collaboration",
    "option": "Option",
    "right_of_first_negotiation": "Right of first negotiation",
}


def _named(party: str, other: Mapping[str, str]) -> dict[str, str | None]:
    return {party: other["name"], f"{party}_cik": other["cik"] or None, f"{party}_ticker": other["ticker"] or None}


def _signal(
    row: Mapping[str, str],
    signal_type: str,
    day_column: str,
    severity: str,
    title: str,
    source_id: str,
    data: Mapping[str, str | None],
) -> tuple[str, ...]:
    day = row[day_column]
    precision = row["precision"] if day_column == "known_from" else row["ended_precision"]
    cited = f"{row['source']}, {_period(day, precision)}"
    text = json.dumps({**data, "cited": cited, "precision": precision}, sort_keys=True, ensure_ascii=False)
    return row["company"], signal_type, day, day, severity, title, SOURCE, source_id, "", text


def _period(day: str, precision: str) -> str:
    """Return the day, month, quarter or year of which a day is the last."""
    year, month, _ = day.split("-")
    if precision == "quarter":
        return f"quarter {int(month) // 3} of {year}"
    return {"day": day, "month": f"{year}-{month}", "year": year}[precision]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
