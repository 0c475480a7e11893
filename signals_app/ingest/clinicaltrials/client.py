"""Studies by lead sponsor from ClinicalTrials.gov, API v2: `GET /studies`, page by page.

https://clinicaltrials.gov/data-api/api: `query.lead` takes quoted names joined by OR, `filter.advanced` an expression,
`nextPageToken` leads on. A company's cursor is the last update posted that was read.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from biotech_ma.core.http import Body
from companies.choices import AliasKind
from companies.models import Company, CompanyAlias
from signals_app.ingest.addresses import base
from signals_app.ingest.base import ParseError
from signals_app.ingest.live import Session
from signals_app.ingest.whole_files import json_object

STUDIES_A_PAGE = 100
MOST_PAGES = 1000
NAMES = (AliasKind.NAME, AliasKind.FORMER_NAME)
LEGAL_TAIL = re.compile(
    r"[\s,]+(inc|incorporated|corp|corporation|co|company|ltd|limited|llc|plc|s\.?a|n\.?v|ag|se|holdings?)\.?$",
    re.IGNORECASE,
)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def studies(session: Session) -> None:
    """Fetch the studies of each company that were updated since the last ones read."""
    aliases: dict[Any, list[str]] = {}
    for company_id, alias in CompanyAlias.objects.filter(kind__in=NAMES).values_list("company_id", "alias"):
        aliases.setdefault(company_id, []).append(alias)
    for company in session.each(session.companies()):
        _company(session, company, [company.name, *aliases.get(company.pk, ())])


def _company(session: Session, company: Company, names: list[str]) -> None:
    cik, failed, newest = company.cik or "", len(session.failures), ""
    query = sponsor_query(names)
    since = session.request.since.isoformat() if session.request.since else _cursor(session, cik, query)
    params = {"query.lead": query, "pageSize": str(STUDIES_A_PAGE), "format": "json"}
    if since:
        params["filter.advanced"] = f"AREA[LastUpdatePostDate]RANGE[{since},MAX]"
    tokens: set[str] = set()
    for number in range(1, MOST_PAGES + 1):
        name = f"studies-{cik}-{number:03}.json"
        path = session.get(f"{base('clinicaltrials')}/studies", name, Body.JSON, params=params)
        if path is None:
            return
        try:
            page = json_object(path.read_bytes(), name)
        except ParseError:
            return  # the run that reads it says why; the cursor stays
        newest, token = max(newest, last_update(page)), next_token(page)
        if not token:
            break
        if token in tokens:
            session.failures.append(ParseError(name, None, "leads back to a page that was read"))
            return
        tokens.add(token)
        params["pageToken"] = token
    if newest and len(session.failures) == failed:
        session.advance(cik, newest)
        session.advance(f"{cik} names", _digest(query))


def _cursor(session: Session, cik: str, query: str) -> str | None:
    """Return the last update read; None for a company whose names have changed, whose studies were not all asked for.

    A cursor from before the names were noted still stands.
    """
    asked = session.cursor(f"{cik} names")
    return session.cursor(cik) if asked in (None, _digest(query)) else None


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()


def sponsor_query(names: list[str]) -> str:
    """Return the expression that finds any of the names, without legal forms: registers leave them out."""
    found: dict[str, None] = {}
    for name in names:
        bare, before = re.sub(r'\([^)]*\)|["\[\]]', " ", name), ""
        while bare != before:
            before, bare = bare, LEGAL_TAIL.sub("", bare.strip())
        if bare.strip():
            found[" ".join(bare.split())] = None
    return " OR ".join(f'"{name}"' for name in found)


def next_token(page: dict[str, Any]) -> str:
    """Return the token of the next page, empty on the last."""
    token = page.get("nextPageToken")
    return token if isinstance(token, str) else ""


def last_update(page: dict[str, Any]) -> str:
    """Return the newest day on which an update of one of the page's studies was posted, empty where none says."""
    newest, studies = "", page.get("studies")
    for study in studies if isinstance(studies, list) else ():
        try:
            posted = study["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"]
        except (KeyError, TypeError):
            continue
        if isinstance(posted, str) and DAY.fullmatch(posted):
            newest = max(newest, posted)
    return newest
