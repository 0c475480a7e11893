"""Companies that the Data Sets know: new ones are created, names and former names of all of them become aliases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from companies.choices import AliasKind, Role
from companies.starter import COMPANIES, rows
from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.aliases import AliasRecord, merge_aliases
from signals_app.ingest.merge.companies import CompanyRecord, Universe, merge_companies
from signals_app.ingest.xbrl.fsds.parse import Submission


def create_companies(
    submissions: Sequence[Submission], *, file: str, source: str, universe: Universe, outcome: Outcome
) -> None:
    """Create the companies that are not there, by CIK, under the name of their last filing; count every row's fate.

    They are targets until an analyst says otherwise, and marked as not reviewed. A company that is there keeps its
    name and role: an old quarter's name is not news.
    """
    held = {row.cik for row in submissions if universe.filer(row.cik) is not None}
    last: dict[str, Submission] = {}
    for row in submissions:
        if row.cik not in last or row.available_at >= last[row.cik].available_at:
            last[row.cik] = row
    new = [row for cik, row in sorted(last.items()) if cik not in held]
    merge_companies(
        (
            CompanyRecord(
                file=file, line=row.line, ticker=None, cik=row.cik, name=row.plain_name,
                role=_roles().get(row.cik, Role.TARGET.value),
                role_note="" if row.cik in _roles() else f"SIC {row.sic}; not reviewed",
            )
            for row in new
        ),
        source=source, universe=universe, outcome=outcome,
    )  # fmt: skip
    outcome.count("unchanged", len(submissions) - len(new))
    merge_aliases(_aliases(submissions, universe), source=source)


def _aliases(submissions: Sequence[Submission], universe: Universe) -> Iterable[AliasRecord]:
    for row in submissions:
        company = universe.by_cik.get(row.cik)
        if company is not None:
            yield AliasRecord(company.pk, AliasKind.NAME.value, row.plain_name)
            if row.former_name:
                yield AliasRecord(company.pk, AliasKind.FORMER_NAME.value, row.former_name, valid_to=row.changed)


@cache
def _roles() -> dict[str, str]:
    """Return the analysts' roles by CIK: large caps, contract researchers and suppliers are no targets."""
    return {row["cik"]: row["role"] for row in rows(COMPANIES)}
