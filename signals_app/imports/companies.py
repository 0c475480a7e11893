"""Plans what a file says of companies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from copy import copy
from uuid import UUID

from biotech_ma.core.market_day import NEW_YORK
from companies.choices import Role
from companies.models import Company, DrugCandidate
from signals_app.curated import EDITED
from signals_app.imports.identity import Companies
from signals_app.imports.keys import new_key
from signals_app.imports.plan import Change, Options, Plan
from signals_app.imports.reading import BURN, ReadRow

# What filings say, too: a source's word on it waits for an analyst, or the next filing would take it away.
FROM_FILINGS = frozenset(EDITED) - {"market_cap_usd"}
PLAIN = (
    "role", "cash_position_usd", "quarterly_burn_rate_usd", "total_debt_usd", "therapeutic_areas", "founded_year",
    "employee_count", "headquarters_location", "is_public",
)  # fmt: skip


def today() -> dt.date:
    """Return the market's day."""
    return dt.datetime.now(tz=NEW_YORK).date()


def plan_companies(rows: Iterable[ReadRow], *, options: Options, file: str) -> Plan:
    """Return what becomes of each row, in as many queries for many rows as for one."""
    plan, day = Plan(), today()
    known = Companies.load(day)
    met: dict[UUID, int] = {}
    for row in plan.own(rows):
        company = known.find(row, "name")
        label = _label_of(row, company)
        if company is not None and not row.faults and (first := met.setdefault(company.pk, row.row)) != row.row:
            row.refuse("cik", f"is about {company.name}, as row {first + 1} is: one row a company")
        if company is None and not row.faults:
            if not options.adds:
                row.refuse("name", "is no company of the desk, and this import adds none")
            elif not row.values.get("name"):
                row.refuse("name", "is no company of the desk: give the name to add it")
            elif row.is_alone:
                row.refuse(
                    "name",
                    "stands alone in its row: a heading within the table? Give its CIK or ticker, or delete the row",
                )
        refuse_doubts(row, company)
        if row.faults:
            plan.refuse(row, label)
            continue
        is_new = company is None
        if company is None:
            company = _created(row, options, file, day)
            met[company.pk] = row.row
        elif company.pk not in plan.befores:
            plan.befores[company.pk] = copy(company)
        _say(Change(company, options, plan, row, file=file, today=day), row, options, is_new=is_new)
        if is_new:
            known.add(company)
    return plan


def refuse_doubts(row: ReadRow, held: Company | DrugCandidate | None) -> None:
    """Refuse figures that are too small to be dollars or of the wrong sign, unless the desk has one like it already."""
    for name, reason in row.doubts.items():
        before, said = getattr(held, name, None), row.values[name]
        is_usual = before == said or (name == BURN and before is not None and before < 0)
        if not is_usual:
            row.refuse(name, reason)


def _label_of(row: ReadRow, company: Company | None) -> str:
    if company is not None:
        return str(company)
    named = [row.values.get(name) for name in ("name", "ticker", "cik")]
    return str(next(filter(None, named), f"Row {row.row + 1}"))


def _created(row: ReadRow, options: Options, file: str, day: dt.date) -> Company:
    """Return a company that is not written yet, with the note of where its name is from."""
    ticker = row.values.get("ticker")
    company = Company(
        id=new_key(),
        name=row.values["name"],
        role=Role.TARGET,
        is_public=row.values.get("is_public", ticker is not None),
    )
    note = {"source": options.authority, "id": f"{file} {row.cells.get('name', '')}".strip(), "as_of": day.isoformat()}
    company.field_sources = {"name": note, "role": dict(note), "is_public": dict(note)}
    return company


def _say(change: Change, row: ReadRow, options: Options, *, is_new: bool) -> None:
    company, values = change.row, row.values
    for name in ("cik", "ticker"):
        if values.get(name) is not None:
            change.say(name, values[name])
    if values.get("new_name"):
        change.say("name", values["new_name"], cell=row.cells["new_name"])
    if "market_cap_usd" in values:
        _say_market_cap(change, row, options)
    elif "market_cap_as_of" in values:
        row.notes.append("Market cap as of: counts together with a market cap only")
    for name in PLAIN:
        if name not in values:
            continue
        if options.source and name in FROM_FILINGS:
            change.propose(name, values[name], as_of=options.as_of)
        else:
            change.say(name, values[name])
    change.done(str(company), is_new=is_new)


def _say_market_cap(change: Change, row: ReadRow, options: Options) -> None:
    """Set the market cap together with its day: neither is right without the other."""
    company: Company = change.row
    day = row.values.get("market_cap_as_of") or options.as_of or change.today
    held_day = company.market_cap_as_of
    if held_day is not None and day < held_day:
        row.notes.append(f"Market cap of {day} stays out: the desk has one of {held_day}")
        return
    if company.market_cap_usd != row.values["market_cap_usd"]:
        change.say("market_cap_usd", row.values["market_cap_usd"], as_of=day)
    if company.market_cap_usd == row.values["market_cap_usd"]:
        change.follow("market_cap_as_of", day, leader="market_cap_usd")
