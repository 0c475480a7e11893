"""What rests on a company's own figures: runway, scarce cash and enterprise value, from the amounts that stand.

Pure functions. Where an analyst has set one of the amounts, what is derived from the ledger alone would contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companies.services import CURATED, FOLLOWING, is_curated
from signals_app.figures import CompanyFigures, enterprise_value, is_constrained, runway
from signals_app.knowledge import Unknown

FUNDS, BURN, DEBT = "cash_position_usd", "quarterly_burn_rate_usd", "total_debt_usd"
CAP, CAP_DAY = "market_cap_usd", "market_cap_as_of"
RUNWAY, CONSTRAINED, VALUE = FOLLOWING

# Column -> the row's columns that it rests on.
RESTS_ON: Mapping[str, tuple[str, ...]] = {
    RUNWAY: (FUNDS, BURN),
    CONSTRAINED: (FUNDS, BURN, RUNWAY),
    VALUE: (FUNDS, DEBT, CAP, CAP_DAY),
}
# Those whose notes lead to filings.
FROM_FILINGS = frozenset({FUNDS, BURN, DEBT})
# Where a figure is from that rests on an analyst's, and one that rests on filings alone.
DERIVED, LEDGER = "derived", "edgar"
ANALYSTS_NOTE = "from an analyst's figure"
FLOAT_NOTE = "with the public float of the cover page for a market cap"

type Notes = Mapping[str, Any]


def dependents(
    amounts: Mapping[str, Any], notes: Notes, capital: CompanyFigures
) -> dict[str, tuple[Any, dict[str, str]]]:
    """Return by column what follows from the row's amounts, and the note of where that is from.

    `capital` says which market cap counts, or which public float stands in for it. A runway that an analyst set decides
    by itself whether cash is scarce.
    """
    funds, burn, debt = amounts[FUNDS], amounts[BURN], amounts[DEBT]
    quarters = None if funds is None or burn is None else runway(funds, burn)
    if is_curated(notes, RUNWAY) and amounts[RUNWAY] is not None:
        scarce: bool | None = is_constrained(amounts[RUNWAY])
    else:
        scarce = None if funds is None or burn is None else is_constrained(quarters)
    cap, value = capital.market_cap_usd, None
    if cap is not None and funds is not None and debt is not None:
        value = enterprise_value(cap, debt, funds)
    found = {RUNWAY: quarters, CONSTRAINED: scarce, VALUE: value}
    return {name: (each, _note(name, each, amounts, notes, capital)) for name, each in found.items()}


def _note(name: str, value: Any, amounts: Mapping[str, Any], notes: Notes, capital: CompanyFigures) -> dict[str, str]:
    behind = [note for each in RESTS_ON[name] if each in FROM_FILINGS and isinstance(note := notes.get(each), dict)]
    filings = {word for note in behind if note.get("source") != CURATED for word in str(note.get("id") or "").split()}
    lacking, cause = _why_unknown(name, amounts, notes) if value is None else ("", {})
    days = {str(note.get("as_of") or "") for note in ([cause] if cause else behind)}
    stands_in = name == VALUE and capital.market_cap_is_float and capital.market_cap is not None
    if stands_in and capital.market_cap is not None:
        filings |= set(capital.market_cap.accessions)
        days.add(capital.market_cap.period_end.isoformat())
    rests_on_an_analyst = any(is_curated(notes, each) for each in RESTS_ON[name])
    words = [FLOAT_NOTE] if stands_in else []
    if rests_on_an_analyst:
        words.append(ANALYSTS_NOTE)
    said = {
        "source": DERIVED if rests_on_an_analyst else LEDGER,
        "id": " ".join(sorted(filings)),
        "as_of": max(days, default=""),
        "note": lacking or ", ".join(words),
    }
    return {key: text for key, text in said.items() if text}


def _why_unknown(name: str, amounts: Mapping[str, Any], notes: Notes) -> tuple[str, Mapping[str, Any]]:
    """Return the reason, and the note of the figure that it is the reason of."""
    if name == VALUE:
        return str(Unknown.DEPENDS), {}
    for each in (FUNDS, BURN):
        if amounts[each] is None:
            note = notes.get(each)
            found: Mapping[str, Any] = note if isinstance(note, dict) else {}
            return (str(found["note"]), found) if found.get("note") else (str(Unknown.DEPENDS), {})
    return str(Unknown.BURNS_NOTHING), {}
