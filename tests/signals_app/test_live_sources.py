"""Which addresses each source asks for, and where its next run starts."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import CompanyAlias
from signals_app.ingest.clinicaltrials.client import sponsor_query
from signals_app.ingest.edgar.client import DOCUMENT_FORMS
from signals_app.ingest.edgar.forms import MERGER_HINTS
from signals_app.ingest.merge.settled import TOLD_BY_THE_PART
from signals_app.models import IngestCursor
from tests.factories import CompanyFactory
from tests.signals_app.live_sources import ingest, sources, stub
from tests.source_server import reply

pytestmark = pytest.mark.django_db
__all__ = ["sources", "stub"]

CIK = "0000749647"
STUDIES = "/api/v2/studies"


@pytest.fixture
def company():
    return CompanyFactory(ticker="IMNN", cik=CIK, name="Imunon, Inc.")


def cursors(source: str) -> dict[str, str]:
    found = dict(IngestCursor.objects.filter(source=source).values_list("key", "value"))
    found.pop("complete live run")
    return {key: value for key, value in found.items() if not key.endswith(" names")}


def quarter_of(day: dt.date) -> str:
    return f"{day.year}/QTR{(day.month - 1) // 3 + 1}"


def table(*filings: tuple[str, str, str]) -> dict[str, list[str]]:
    accessions, forms, days = zip(*filings, strict=True)
    return {"accessionNumber": list(accessions), "form": list(forms), "filingDate": list(days)}


def submissions(recent: dict[str, list[str]], *files: dict[str, str]) -> str:
    return json.dumps({"cik": CIK, "filings": {"recent": recent, "files": list(files)}})


def a_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.txt", "x")
    return stream.getvalue()


def test_submissions_bring_their_overflow_files(sources, stub, company):
    part = {"name": f"CIK{CIK}-submissions-001.json", "filingTo": "2010-07-24"}
    elsewhere = {"name": "../../etc/passwd", "filingTo": "2030-01-01"}
    sources.at(f"/submissions/CIK{CIK}.json", reply(submissions(table(("x", "8-K", "2026-01-01")), part, elsewhere)))
    sources.at(f"/submissions/CIK{CIK}-submissions-001.json", reply("{}"))
    ingest("edgar-submissions")
    assert stub.names() == [[f"CIK{CIK}-submissions-001.json", f"CIK{CIK}.json"]]
    ingest("edgar-submissions", "--since", "2011-01-01")
    assert stub.names()[1] == [f"CIK{CIK}.json"]
    assert len(sources.seen) == 3


def test_real_submissions_come_in_live(sources, company, shared_data):
    for path in sorted((shared_data / "edgar" / "submissions").glob(f"CIK{CIK}*.json")):
        sources.at(f"/submissions/{path.name}", reply(path.read_bytes(), ETag=f'"{path.name}"'))
    first = ingest("edgar-submissions")
    assert first["created"] > 100
    again = ingest("edgar-submissions", "--replay")
    assert (again["created"], again["updated"]) == (0, 0)
    assert ingest("edgar-submissions")["read"] == 0
    assert [seen.headers.get("If-None-Match") is not None for seen in sources.seen] == [False, False, True, True]


def test_filings_are_asked_for_once(sources, stub, company):
    today = timezone.localdate(timezone=NEW_YORK)
    day, old = str(today - dt.timedelta(days=2)), str(today - dt.timedelta(days=200))
    first, second, third = (f"0001193125-26-00000{number}" for number in (1, 2, 3))
    listing = table((first, "4", day), (second, "8-K", day), (third, "4", old), ("../x", "4", day))
    sources.at(f"/submissions/CIK{CIK}.json", reply(submissions(listing)))
    for accession in (first, second, third):
        sources.at(f"/Archives/edgar/data/749647/{accession}.txt", reply(f"<SEC-DOCUMENT>{accession}"))
    ingest("edgar-ownership")
    ingest("edgar-ownership")
    assert stub.given == [{f"{first}.txt": f"<SEC-DOCUMENT>{first}".encode()}]
    assert cursors("edgar-ownership") == {CIK: day}
    assert len(sources.asked(f"/Archives/edgar/data/749647/{first}.txt")) == 1
    ingest("edgar-documents", "--since", old)
    assert list(stub.given[1]) == [f"{second}.txt"]


def test_filing_that_is_listed_before_it_is_there_is_asked_for_again(sources, stub, company):
    today = timezone.localdate(timezone=NEW_YORK)
    day, accession = str(today - dt.timedelta(days=2)), "0001193125-26-000001"
    sources.at(f"/submissions/CIK{CIK}.json", reply(submissions(table((accession, "4", day)))))
    (reject,) = ingest("edgar-ownership")["rejects"]
    assert reject == {"file": f"{accession}.txt", "line": None, "reason": "is on the list, but not there yet"}
    assert cursors("edgar-ownership") == {}
    sources.at(f"/Archives/edgar/data/749647/{accession}.txt", reply("<SEC-DOCUMENT>"))
    assert ingest("edgar-ownership")["rejects"] == []
    assert cursors("edgar-ownership") == {CIK: day}


def test_listing_of_filings_is_left_to_its_own_source(sources, stub, company):
    sources.at(f"/submissions/CIK{CIK}.json", reply(submissions(table(("x", "8-K", "2026-01-01"))), ETag='"1"'))
    ingest("edgar-ownership")
    assert stub.given == []
    ingest("edgar-submissions")
    assert stub.names() == [[f"CIK{CIK}.json"]]


def test_index_is_read_day_by_day(sources, stub):
    today = timezone.localdate(timezone=NEW_YORK)
    days = [today - dt.timedelta(days=back) for back in (3, 2, 0)]
    for day in days:
        folder = f"/Archives/edgar/daily-index/{quarter_of(day)}"
        names = [f"company.{one:%Y%m%d}.idx" for one in days if quarter_of(one) == quarter_of(day)]
        items = [{"name": name} for name in [*names, "form.20260101.idx", "sitemap.xml", "company.20010101.idx"]]
        sources.at(f"{folder}/index.json", reply(json.dumps({"directory": {"item": items}})))
        sources.at(f"{folder}/company.{day:%Y%m%d}.idx", reply("Description: Daily Index"))
    sources.at("/cgi-bin/browse-edgar", reply("<feed>" + "<entry/>" * 100 + "</feed>"), reply("<feed></feed>"))
    ingest("edgar-index")
    assert stub.names()[0] == [
        *(f"company.{day:%Y%m%d}.idx" for day in days), "getcurrent-01.xml", "getcurrent-02.xml",
    ]  # fmt: skip
    assert cursors("edgar-index") == {"day": str(days[1])}
    feed = sources.asked("/cgi-bin/browse-edgar")
    assert [(seen.query["action"], seen.query["output"], seen.query["start"]) for seen in feed] == [
        ("getcurrent", "atom", "0"),
        ("getcurrent", "atom", "100"),
    ]
    before = len(sources.seen)
    ingest("edgar-index")
    asked = [seen.path.rsplit("/", 1)[1] for seen in sources.seen[before:]]
    assert asked == ["index.json", f"company.{today:%Y%m%d}.idx", "browse-edgar"]


def test_a_day_that_fails_is_asked_for_again(sources, stub):
    yesterday = timezone.localdate(timezone=NEW_YORK) - dt.timedelta(days=1)
    folder = f"/Archives/edgar/daily-index/{quarter_of(yesterday)}"
    name = f"company.{yesterday:%Y%m%d}.idx"
    sources.at(f"{folder}/index.json", reply(json.dumps({"directory": {"item": [{"name": name}]}})))
    ingest("edgar-index")
    assert cursors("edgar-index") == {}
    sources.at(f"{folder}/{name}", reply("Description: Daily Index"))
    ingest("edgar-index")
    assert cursors("edgar-index") == {"day": str(yesterday)}


def test_data_sets_go_on_from_the_last_quarter(sources, stub):
    for name in ("2024q3", "2024q4"):
        sources.at(f"/files/dera/data/financial-statement-data-sets/{name}.zip", reply(a_zip()))
    IngestCursor.objects.create(source="edgar-fsds", key="quarter", value="2024q2")
    ingest("edgar-fsds")
    assert stub.names() == [["2024q3.zip", "2024q4.zip"]]
    assert cursors("edgar-fsds") == {"quarter": "2024q4"}
    ingest("edgar-fsds")
    assert len(stub.given) == 1
    assert sources.seen[-1].path.endswith("/2025q1.zip")


def test_first_data_set_is_the_last_complete_quarter(sources, stub):
    ingest("edgar-fsds")
    today = timezone.localdate(timezone=NEW_YORK)
    last = (today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1)) - dt.timedelta(days=1)
    assert [seen.path[-10:] for seen in sources.seen] == [f"{last.year}q{(last.month - 1) // 3 + 1}.zip"]


def page(token: str | None, *studies: tuple[str, str]) -> str:
    found: dict[str, object] = {
        "studies": [
            {"protocolSection": {
                "identificationModule": {"nctId": nct},
                "statusModule": {"lastUpdatePostDateStruct": {"date": posted}},
            }}
            for nct, posted in studies
        ]
    }  # fmt: skip
    return json.dumps(found | ({"nextPageToken": token} if token else {}))


def test_studies_come_page_by_page_since_the_last_update(sources, stub, company):
    CompanyAlias.objects.create(company=company, alias="Celsion Corporation", kind="former_name")
    first = page("t2", ("NCT00000001", "2026-02-01"), ("NCT00000002", "2026-03-05"))
    sources.at(STUDIES, reply(first), reply(page(None, ("NCT00000003", "2026-01-09"))))
    ingest("clinicaltrials")
    assert stub.names() == [[f"studies-{CIK}-001.json", f"studies-{CIK}-002.json"]]
    assert [seen.query.get("pageToken") for seen in sources.seen] == [None, "t2"]
    assert sources.seen[0].query["query.lead"] == '"Imunon" OR "Celsion"'
    assert "filter.advanced" not in sources.seen[0].query
    assert cursors("clinicaltrials") == {CIK: "2026-03-05"}
    ingest("clinicaltrials")
    assert sources.seen[-1].query["filter.advanced"] == "AREA[LastUpdatePostDate]RANGE[2026-03-05,MAX]"
    ingest("clinicaltrials", "--since", "2025-01-01")
    assert sources.seen[-1].query["filter.advanced"] == "AREA[LastUpdatePostDate]RANGE[2025-01-01,MAX]"


def test_studies_under_a_new_name_are_asked_for_from_the_beginning(sources, stub, company):
    sources.at(STUDIES, reply(page(None, ("NCT00000001", "2026-03-05"))))
    ingest("clinicaltrials")
    CompanyAlias.objects.create(company=company, alias="Egen Corp", kind="former_name")
    for _ in range(2):
        ingest("clinicaltrials")
    assert [seen.query.get("filter.advanced", "all") for seen in sources.seen] == [
        "all", "all", "AREA[LastUpdatePostDate]RANGE[2026-03-05,MAX]",
    ]  # fmt: skip


def test_page_that_is_broken_inside_costs_its_company_alone(sources, company):
    CompanyFactory(ticker="AAAA", cik="0000000001", name="Other, Inc.")
    sources.at(STUDIES, reply('{"studies": [,]}'), reply(page(None, ("NCT00000001", "2026-03-05"))))
    found = ingest("clinicaltrials")
    assert next((reject["file"], reject["reason"]) for reject in found["rejects"]) == (
        "studies-0000000001-001.json", "is no JSON or is cut off",
    )  # fmt: skip
    assert cursors("clinicaltrials") == {CIK: "2026-03-05"}


def test_pages_that_lead_back_end(sources, stub, company):
    sources.at(STUDIES, reply(page("t2", ("NCT00000001", "2026-02-01"))))
    (reject,) = ingest("clinicaltrials")["rejects"]
    assert "leads back" in reject["reason"]
    assert len(sources.seen) == 2
    assert cursors("clinicaltrials") == {}


def test_real_pages_come_in_live(sources, company, shared_data):
    folder = shared_data / "clinicaltrials"
    sources.at(
        STUDIES, reply((folder / "page_first.json").read_bytes()), reply((folder / "page_next.json").read_bytes())
    )
    found = ingest("clinicaltrials")
    assert found["read"] > 0
    assert sources.seen[1].query["pageToken"].startswith("ZVt07")


@pytest.mark.parametrize(
    ("names", "query"),
    [
        (["Imunon, Inc."], '"Imunon"'),
        (["Novo Nordisk A/S", "BeOne Medicines Ltd. (ADR)"], '"Novo Nordisk A/S" OR "BeOne Medicines"'),
        (["Inc"], '"Inc"'),
        (['X "Y" Holdings, Inc.', "X Y Co"], '"X Y"'),
    ],
)
def test_sponsor_query_leaves_legal_forms_out(names, query):
    assert sponsor_query(names) == query


@pytest.mark.parametrize(
    ("source", "path"), [("drugsfda", "/media/89850/download"), ("orangebook", "/media/76860/download")]
)
def test_fda_zips_are_read_when_they_change(sources, stub, source, path):
    sources.at(path, reply("", 302, Location=f"{path}/1"))
    sources.at(f"{path}/1", reply(a_zip(), ETag='"1"'))
    ingest(source)
    ingest(source)
    assert len(stub.given) == 1
    assert sources.seen[-1].headers["If-None-Match"] == '"1"'


def test_filings_whose_meaning_stands_in_their_header_are_fetched():
    before_2000 = {"SC 14D1"}
    assert DOCUMENT_FORMS | before_2000 >= TOLD_BY_THE_PART | MERGER_HINTS
    assert {"SCHEDULE 13D", "SC14D9C"} <= DOCUMENT_FORMS  # the names of other years
    assert not {"425", "SC TO-C", "SC TO-I"} & DOCUMENT_FORMS
