"""The rows of a deals file: pure. README.md describes the columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from signals_app.ingest.csv_rows import amount, day, words
from signals_app.ingest.delimited import Row
from signals_app.ingest.edgar.identifiers import cik_of, ticker_of

NEEDED = ("target", "cik", "acquirer", "announced")
# What a file may say of a deal's end, and what it is called here.
STATUSES = {
    "completed": "completed", "closed": "completed", "pending": "pending", "announced": "pending", "": "pending",
    "terminated": "terminated", "withdrawn": "terminated", "expired": "terminated", "cancelled": "terminated",
}  # fmt: skip
AMOUNTS = (
    "price_per_share", "value_usd_m", "premium_last_close", "contingent_per_share", "contingent_usd_m", "cvr_per_share",
)  # fmt: skip
# A discount to the last close is a negative premium.
LEAST = {"premium_last_close": Decimal(-1)}
ENDS = ("terminated", "terminated_on", "completed", "completed_on")
READ = (*NEEDED, *AMOUNTS, *ENDS, "ticker", "status", "structure")
LONGEST_NAME, LONGEST_VALUE = 255, 1000


@dataclass(frozen=True, slots=True)
class DealRow:
    """One announced acquisition. `ended` is the day of its termination, where the file tells it."""

    line: int
    target: str
    ticker: str | None
    cik: str
    acquirer: str
    announced: date
    status: str
    ended: date | None
    terms: dict[str, Any]

    @property
    def key(self) -> str:
        """The deal, whatever becomes of its terms: target and day."""
        return f"{self.cik}:{self.announced.isoformat()}"

    @property
    def version(self) -> str:
        """The terms and status as the file has them: another edition of the same deal has another."""
        said = [self.acquirer, self.status, *(f"{name}={value}" for name, value in sorted(self.terms.items()))]
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:12]


def parse(row: Row, today: date) -> DealRow:
    """Return the deal of a row. Raises ParseError for one without a target's CIK, a day to come, an unknown status."""
    try:
        cik = cik_of(row["cik"].strip())
    except ValueError as error:
        raise row.fault(str(error)) from error
    announced = day(row, "announced")
    if announced is None or announced > today:
        raise row.fault(f"announced {announced}, which is in the future")
    said = row["status"].strip().lower()
    if said not in STATUSES:
        raise row.fault(f"status {said[:40]!r} is none of {', '.join(name for name in STATUSES if name)}")
    ended = day(row, "terminated_on", required=False) or day(row, "terminated", required=False)
    if ended is not None and not announced <= ended <= today:
        raise row.fault(f"terminated on {ended}, before it was announced or in the future")
    terms: dict[str, Any] = {}
    for name in AMOUNTS:
        number = amount(row, name, least=LEAST.get(name, Decimal(0)))
        if number is not None:
            terms[name] = f"{number:f}"
    more = [name for name in row.values if name and name not in READ]
    terms |= {name: words(row, name, LONGEST_VALUE) for name in ("structure", *more) if row[name].strip()}
    return DealRow(
        line=row.line,
        target=words(row, "target", LONGEST_NAME, required=True),
        ticker=_ticker(row["ticker"]),
        cik=cik,
        acquirer=words(row, "acquirer", LONGEST_NAME, required=True),
        announced=announced,
        status="terminated" if ended else STATUSES[said],
        ended=ended,
        terms=terms,
    )


def _ticker(text: str) -> str | None:
    """Return the ticker that the text begins with, None for another: the CIK is the key, a stray ticker no fault."""
    try:
        return ticker_of(text.partition("(")[0])
    except ValueError:
        return None
