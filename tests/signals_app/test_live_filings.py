"""Filings as EDGAR serves them, from the list of a company's filings to signals and proposals."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory
from tests.signals_app.live_sources import ingest, sources
from tests.signals_app.test_edgar_ownership import form, line, owner
from tests.source_server import PAGE, SourceServer, reply

pytestmark = pytest.mark.django_db
__all__ = ["sources"]

CIK = "0009000001"
DAY = timezone.localdate(timezone=NEW_YORK) - dt.timedelta(days=9)


@pytest.fixture
def company():
    return CompanyFactory(ticker="TSTB", cik=CIK, name="Testbio Therapeutics, Inc.")


def accession(number: int) -> str:
    return f"0001209191-{DAY:%y}-{number:06}"


def serve(sources: SourceServer, *filings: tuple[int, str, str]) -> None:
    """Serve the list of filings with the columns of EDGAR's, and each filing's full submission."""
    numbers, forms, _ = zip(*filings, strict=True)
    recent = {
        "accessionNumber": [accession(number) for number in numbers],
        "filingDate": [DAY.isoformat()] * len(filings),
        "reportDate": [DAY.isoformat()] * len(filings),
        "acceptanceDateTime": [f"{DAY}T20:31:00.000Z"] * len(filings),
        "form": list(forms),
        "items": [""] * len(filings),
        "primaryDocument": ["doc.xml"] * len(filings),
    }
    listing = {"cik": CIK, "name": "Testbio Therapeutics, Inc.", "filings": {"recent": recent, "files": []}}
    sources.at(f"/submissions/CIK{CIK}.json", reply(json.dumps(listing), ETag='"1"'))
    for number, _, body in filings:
        sources.at(f"/Archives/edgar/data/9000001/{accession(number)}.txt", reply(body))


def submission(number: int, kind: str, parties: str, *documents: tuple[str, str, str]) -> str:
    day = f"{DAY:%Y%m%d}"
    parts = "".join(
        f"<DOCUMENT>\n<TYPE>{kind}\n<SEQUENCE>{place}\n<FILENAME>{name}\n<TEXT>\n{text}\n</TEXT>\n</DOCUMENT>\n"
        for place, (kind, name, text) in enumerate(documents, start=1)
    )
    return f"""<SEC-DOCUMENT>{accession(number)}.txt : {day}
<SEC-HEADER>{accession(number)}.hdr.sgml : {day}
<ACCEPTANCE-DATETIME>{day}163100
ACCESSION NUMBER:\t\t{accession(number)}
CONFORMED SUBMISSION TYPE:\t{kind}
PUBLIC DOCUMENT COUNT:\t\t{len(documents)}
CONFORMED PERIOD OF REPORT:\t{day}
FILED AS OF DATE:\t\t{day}
DATE AS OF CHANGE:\t\t{day}

{parties}</SEC-HEADER>
{parts}</SEC-DOCUMENT>
"""


def party(heading: str, cik: str, name: str, data: str = "COMPANY DATA") -> str:
    names = f"\t\tCOMPANY CONFORMED NAME:\t\t\t{name}\n\t\tCENTRAL INDEX KEY:\t\t\t{cik}\n"
    return f"{heading}:\t\n\n\t{data}:\t\n{names}\n"


def form_4(number: int, cik: int) -> tuple[int, str, str]:
    bought = form(
        line(day=DAY.isoformat()), owners=[owner(cik)], signed=DAY.isoformat(), period=DAY.isoformat()
    ).decode()
    parties = party("REPORTING-OWNER", f"{cik:010}", "DOE JANE", "OWNER DATA") + party("ISSUER", CIK, "Testbio")
    return number, "4", submission(number, "4", parties, ("4", "doc4.xml", f"<XML>\n{bought}\n</XML>"))


def test_three_insiders_whose_forms_are_fetched_make_a_cluster(sources, company):
    serve(sources, *(form_4(number, 100 + number) for number in (1, 2, 3)), (4, "8-K", PAGE))
    first = ingest("edgar-ownership")
    assert (first["rejected"], first["rejects"]) == (0, [])
    assert Signal.objects.filter(signal_type="insider_transaction").count() == 3
    cluster = Signal.objects.get(signal_type="insider_buying_cluster")
    assert (cluster.company, cluster.signal_data["insiders"]) == (company, 3)
    assert {seen.headers["User-Agent"] for seen in sources.seen} == {"Desk desk@example.com"}
    before = len(sources.seen)
    again = ingest("edgar-ownership")
    assert (again["created"], again["updated"]) == (0, 0)
    assert [seen.path for seen in sources.seen[before:]] == [f"/submissions/CIK{CIK}.json"]


def test_reports_are_fetched_for_doubt_about_going_on(sources, company):
    doubt = (
        "<html><body><p>These conditions raise substantial doubt about the Company's ability to continue as a going"
        " concern.</p></body></html>"
    )
    filer = party("FILER", CIK, "Testbio Therapeutics, Inc.")
    logo = "GRAPHIC", "g.jpg", "begin 644 g\nM\nend"
    served = [
        (number, kind, submission(number, kind, filer, (kind, "doc.htm", doubt), logo))
        for number, kind in enumerate(("10-Q", "10-Q/A", "10-K", "424B5"), start=1)
    ]  # fmt: skip
    serve(sources, *served)
    ingest("edgar-documents")
    items = ReviewItem.objects.filter(proposed__signal_type="going_concern")
    assert {item.source_id.split(":")[0] for item in items} == {accession(1), accession(3)}
    asked = {seen.path.rpartition("/")[2] for seen in sources.seen} - {f"CIK{CIK}.json"}
    assert asked == {f"{accession(1)}.txt", f"{accession(3)}.txt"}


def test_page_in_the_place_of_a_filing_is_named_and_fetched_again(sources, company):
    serve(sources, form_4(1, 101), (2, "4", PAGE))
    first = ingest("edgar-ownership")
    assert Signal.objects.filter(signal_type="insider_transaction").count() == 1
    assert [reject["file"] for reject in first["rejects"]] == [f"{accession(2)}.txt"]
    serve(sources, form_4(1, 101), form_4(2, 102))
    assert ingest("edgar-ownership")["created"] == 1
