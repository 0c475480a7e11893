"""Companies that seem to be one, found by set-based SQL: one name, a former name, one ticker at two exchanges.

They are proposed, never merged: an analyst merges them or says that they are two, which is remembered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from biotech_ma.core.services import Outcome, Refused, recorded
from companies.models import Company, CompanyDistinction

# Of one name or ticker: each company is paired with this many of those that were added first. A thousand companies of
# one name are no million pairs.
MOST_OF_A_KEY = 10
NAME, ALIAS, TICKER, PROPOSED = "name", "alias", "ticker", "proposed"

# What companies are called; the conditions stand where the pairs of one company are asked for.
_SAID = """
    SELECT 'n' AS family, c.id AS company_id, c.name_key AS key, 0 AS rank, c.name AS said
    FROM companies AS c WHERE c.deleted_at IS NULL AND c.name_key <> '' {names_of_one}
    UNION ALL
    SELECT 'n', a.company_id, a.name_key, 1, a.alias
    FROM company_aliases AS a JOIN companies AS c ON c.id = a.company_id
    WHERE c.deleted_at IS NULL AND a.kind IN ('name', 'former_name', 'merged') AND a.name_key <> '' {aliases_of_one}
    UNION ALL
    SELECT 't', c.id, split_part(c.ticker, '.', 1), 0, c.ticker
    FROM companies AS c WHERE c.deleted_at IS NULL AND c.ticker IS NOT NULL {tickers_of_one}
    UNION ALL
    SELECT 't', a.company_id, split_part(upper(a.alias), '.', 1), 1, upper(a.alias)
    FROM company_aliases AS a JOIN companies AS c ON c.id = a.company_id
    WHERE c.deleted_at IS NULL AND a.kind = 'ticker' AND a.valid_to IS NULL {listings_of_one}
"""
_PAIRS = """
WITH said AS ({said}), once AS (
    SELECT DISTINCT ON (family, key, company_id) * FROM said ORDER BY family, key, company_id, rank, said
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY family, key ORDER BY company_id) AS place FROM once
), alike AS (
    SELECT a.company_id AS one, b.company_id AS other,
           CASE WHEN a.family = 't' THEN 'ticker' WHEN a.rank + b.rank = 0 THEN 'name' ELSE 'alias' END AS why,
           a.said AS by_one, b.said AS by_other
    FROM numbered AS a JOIN numbered AS b USING (family, key)
    WHERE a.place <= {most} AND a.company_id < b.company_id
    {proposed}
), pairs AS (
    SELECT one, other, jsonb_agg(jsonb_build_array(why, by_one, by_other)
                                 ORDER BY array_position(ARRAY['proposed', 'name', 'alias', 'ticker'], why)) AS why
    FROM alike WHERE NOT EXISTS (
        SELECT FROM company_distinctions AS d WHERE d.one_id = alike.one AND d.other_id = alike.other)
    GROUP BY one, other
)
"""
_LISTED = """
SELECT one, other, why, count(*) OVER () FROM pairs JOIN companies AS c ON c.id = pairs.one
{where} ORDER BY array_position(ARRAY['proposed', 'name', 'alias', 'ticker'], why->0->>0), c.name, one, other
"""
# The pairs of one company: what it is called picks what is read of the others.
_OF_ONE = {
    "names_of_one": "AND c.name_key IN (SELECT key FROM keys)",
    "aliases_of_one": "AND a.name_key IN (SELECT key FROM keys)",
    "tickers_of_one": "AND split_part(c.ticker, '.', 1) IN (SELECT key FROM roots)",
    "listings_of_one": "AND split_part(upper(a.alias), '.', 1) IN (SELECT key FROM roots)",
}
_KEYS = """
WITH keys AS (
    SELECT name_key AS key FROM companies WHERE id = %(company)s
    UNION SELECT name_key FROM company_aliases
    WHERE company_id = %(company)s AND kind IN ('name', 'former_name', 'merged')
), roots AS (
    SELECT split_part(ticker, '.', 1) AS key FROM companies WHERE id = %(company)s
    UNION SELECT split_part(upper(alias), '.', 1) FROM company_aliases
    WHERE company_id = %(company)s AND kind = 'ticker' AND valid_to IS NULL
),
"""
_MORE = """
    UNION ALL SELECT least(p.one, p.other), greatest(p.one, p.other), 'proposed', p.words, ''
    FROM ({sql}) AS p (one, other, words)
"""
_proposed: list[str] = []


def also_paired(sql: str) -> None:
    """Have these pairs proposed, too, for the apps above, from their `ready()`: company, other company, words."""
    _proposed.append(sql)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two companies that seem to be one, and what suggests it, the strongest first."""

    one: Company
    other: Company
    why: tuple[str, ...]

    def beside(self, company: Company) -> Company:
        """Return the other one of the two."""
        return self.other if company.pk == self.one.pk else self.one


def pairs_sql(*, of_one: bool = False) -> str:
    """Return the SQL that begins a statement over `pairs`: one, other, why; of one company with `%(company)s`."""
    more = "".join(_MORE.format(sql=sql) for sql in _proposed)
    said = _SAID.format(**(_OF_ONE if of_one else dict.fromkeys(_OF_ONE, "")))
    whole = _PAIRS.format(said=said, most=MOST_OF_A_KEY, proposed=more)
    return _KEYS + whole.strip().removeprefix("WITH ") if of_one else whole


def possible_duplicates(*, limit: int, offset: int = 0) -> tuple[list[Pair], int]:
    """Return a page of the pairs that nobody has told apart, the likeliest first, and how many there are. Two queries.

    Both of a pair are live.
    """
    sql = f"{pairs_sql()} {_LISTED.format(where='')} LIMIT %(limit)s OFFSET %(offset)s"
    return _read(sql, {"limit": limit, "offset": offset})


def possible_duplicates_of(company: Company, *, most: int = 3) -> list[Pair]:
    """Return the pairs in which the company is, the likeliest first. One query where there are none, else two."""
    where = "WHERE %(company)s IN (one, other)"
    sql = f"{pairs_sql(of_one=True)} {_LISTED.format(where=where)} LIMIT %(limit)s"
    return _read(sql, {"company": company.pk, "limit": most})[0]


def _read(sql: str, values: dict[str, Any]) -> tuple[list[Pair], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    ids = {key for one, other, *_ in found for key in (one, other)}
    companies = {row.pk: row for row in Company.objects.filter(pk__in=ids).defer("search_vector")} if ids else {}
    pairs = [
        Pair(companies[one], companies[other], _words(json.loads(why)))
        for one, other, why, _ in found
        if one in companies and other in companies
    ]
    return pairs, found[0][-1] if found else 0


def _words(reasons: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_reason(*reason) for reason in reasons))


def _reason(why: str, one: str, other: str) -> str:
    if why == PROPOSED:
        return one
    said = one if one == other else f"{one} / {other}"
    return {NAME: "one name", ALIAS: "a name of both", TICKER: "one ticker"}[why] + f": {said}"


def tell_apart(*, companies: Iterable[Company], by: Any = None, reason: str = "") -> Outcome:
    """Note that two companies are not the same: they are not proposed again. Twice is no error.

    Raises Refused for anything but two different companies.
    """
    found = {company.pk: company for company in companies}
    if len(found) != 2:  # noqa: PLR2004 - a pair
        raise Refused("A pair is of two companies.")
    one, other = (found[key] for key in sorted(found))
    with recorded("tell apart", reason=reason):
        _, is_new = CompanyDistinction.objects.get_or_create(
            one=one, other=other, defaults={"by": by, "reason": reason[:500]}
        )
    words = f"{one} and {other} are two companies"
    return Outcome(changed=is_new, message=f"{words}: they are not proposed again." if is_new else f"{words} already.")


def propose_again(*, distinction: CompanyDistinction, reason: str = "") -> Outcome:
    """Take back that two companies are not the same; the history keeps that it was said. Twice is no error."""
    with recorded("propose again", reason=reason):
        number, _ = CompanyDistinction.objects.filter(pk=distinction.pk).delete()
    return Outcome(changed=bool(number), message=f"{distinction} may be proposed again.")
