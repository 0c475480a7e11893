"""Submissions and tickers: what a filing means, who is a company, and what the real files hold."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from companies.models import Company, CompanyAlias
from signals_app.ingest.base import IngestError, ParseError, Request
from signals_app.ingest.edgar.filings import Filing, History, events
from signals_app.ingest.edgar.forms import Form, Part, form_of, items_of
from signals_app.ingest.edgar.submissions.parse import parse
from signals_app.ingest.edgar.submissions.run import run
from signals_app.ingest.edgar.tickers.run import run as run_tickers
from signals_app.ingest.universe.run import run as run_universe
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory

TODAY = dt.date(2026, 8, 1)
ROW = (
    "0009000009-24-000001",
    "2024-05-02",
    "2024-05-02T20:15:00.000Z",
    "8-K",
    "2024-05-01",
    "1.01,9.01",
    "001-9",
    "d.htm",
)
NAMES = (
    "accessionNumber", "filingDate", "acceptanceDateTime", "form", "reportDate", "items", "fileNumber",
    "primaryDocument",
)  # fmt: skip


def arrays(*rows):
    return {name: [row[n] for row in rows] for n, name in enumerate(NAMES)}


def file_of(*rows, **said):
    known = {
        "cik": "9000001", "name": "Testbio, Inc.", "sic": "2836", "entityType": "operating", "tickers": ["TSTB"],
        "exchanges": ["Nasdaq"], "formerNames": [], "filings": {"recent": arrays(*rows), "files": []},
    }  # fmt: skip
    return json.dumps(known | said).encode()


def row(**changes):
    return tuple(changes.get(name, value) for name, value in zip(NAMES, ROW, strict=True))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SCHEDULE 13D/A", Form("SC 13D", True)),
        ("SC 13D", Form("SC 13D", False)),
        ("SC14D9", Form("SC 14D9", False)),
        ("schedule  13g", Form("SC 13G", False)),
        ("10-K405/A", Form("10-K405", True)),
    ],
)
def test_form_is_known_under_its_names_of_other_years(text, form):
    assert form_of(text) == form


def test_items_leave_out_what_is_none():
    assert items_of("1.01,9.01,1.01") == ("1.01", "9.01")
    assert items_of("S-3,,2014-09-30 16:30:00") == ()


def filing(form, part=Part.UNKNOWN, items=(), accepted=dt.datetime(2024, 5, 2, 20, tzinfo=dt.UTC)):
    return Filing(
        "f", 1, "0009000001", "0009000009-24-000001", form_of(form), accepted.date(), accepted, None, items, part
    )


MEANINGS = [
    ("SC TO-T", Part.SUBJECT, "target", "takeover_target", False),
    ("SC TO-T", Part.FILED_BY, "acquirer", "takeover_acquirer", False),
    ("SC TO-T", Part.UNKNOWN, "target", "takeover_target", True),
    ("SC TO-I", Part.SUBJECT, "target", "sec_filing", False),
    ("SC 14D9", Part.SUBJECT, "target", "takeover_target", False),
    ("SC 14D9/A", Part.SUBJECT, "target", "sec_filing", False),
    ("SC 13E3", Part.SUBJECT, "target", "takeover_target", False),
    ("DEFM14A", Part.FILER, "target", "takeover_target", False),
    ("DEFM14A", Part.FILER, "acquirer", "takeover_target", True),
    ("SCHEDULE 13D", Part.SUBJECT, "target", "activist_stake", False),
    ("SC 13D", Part.FILED_BY, "acquirer", "sec_filing", False),
    ("SC 13D", Part.UNKNOWN, "target", "activist_stake", True),
    ("SC 13D/A", Part.SUBJECT, "target", "sec_filing", False),
    ("SC 13G", Part.SUBJECT, "target", "passive_stake", False),
    ("S-3ASR", Part.FILER, "target", "shelf_registration", False),
    ("25-NSE", Part.SUBJECT, "target", "delisting", False),
    ("15-12G", Part.FILER, "target", "delisting", False),
    ("424B5", Part.FILER, "target", "financing", False),
    ("4", Part.ISSUER, "target", "sec_filing", False),
]


@pytest.mark.parametrize(("form", "part", "role", "kind", "doubtful"), MEANINGS)
def test_form_and_part_say_what_it_means_for_the_company(form, part, role, kind, doubtful):
    (event,) = events(filing(form, part), History(), role)
    assert (event.signal_type, bool(event.doubt)) == (kind, doubtful)


def test_vote_after_registering_shares_for_a_merger_is_doubtful():
    shares = filing("S-4", accepted=dt.datetime(2024, 1, 2, tzinfo=dt.UTC))
    (event,) = events(filing("DEFM14A"), History.of([shares]), "target")
    assert event.doubt


def test_move_to_another_exchange_is_no_delisting():
    listed = filing("8-A12B", accepted=dt.datetime(2024, 5, 2, 19, tzinfo=dt.UTC))
    (event,) = events(filing("25"), History.of([listed]), "target")
    assert event.signal_type == "sec_filing"


@pytest.mark.parametrize(
    ("items", "kinds"),
    [
        (("1.01", "9.01"), ["material_agreement"]),
        (("9.01",), ["sec_filing"]),
        (("2.01", "9.01"), ["acquisition_completed"]),
        (("2.01", "5.01", "5.02"), ["sec_filing", "change_of_control", "officer_change"]),
        (("1.02", "2.05", "7.01", "8.01"), ["agreement_terminated", "restructuring", "other_event", "other_event"]),
    ],
)
def test_each_item_is_an_event_of_its_type(items, kinds):
    assert [event.signal_type for event in events(filing("8-K", items=items), History(), "target")] == kinds


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>Request rate exceeded</html>", "web page"),
        (file_of(row())[:90], "cut off"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"[]", "no JSON object"),
        (b'{"cik": 1}', "no submissions file"),
        (file_of(row(), filings={"recent": arrays(row()) | {"form": []}}), "differ in length"),
        (file_of(row(), name=""), "name is empty"),
        (file_of(row(), cik="x"), "no CIK"),
    ],
)
def test_bad_file_is_refused_with_the_reason(data, reason):
    with pytest.raises(ParseError, match=reason):
        parse(data, "CIK0009000001.json", TODAY)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"accessionNumber": "24-1"}, "no accession number"),
        ({"filingDate": "2027-01-01"}, "in the future"),
        ({"acceptanceDateTime": "2024-05-02T20:15:00"}, "without a zone"),
        ({"filingDate": "May 2"}, "isoformat"),
        ({"form": ""}, "form or filingDate is empty"),
    ],
)
def test_bad_row_is_rejected_and_the_others_go_in(changes, reason):
    found = parse(file_of(row(**changes), row()), "f.json", TODAY)
    assert (len(found.filings), found.rejects[0].line) == (1, 1)
    assert reason in found.rejects[0].reason


@pytest.mark.django_db
class TestRun:
    def ingest(self, folder, files, **asked):
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return run(Request((folder,), **asked), lambda step: None)

    def test_drug_maker_is_created_with_former_names_and_classes(self, tmp_path):
        former = [{"name": "Oldbio Inc", "from": "2010-01-04T05:00:00.000Z", "to": "2019-06-03T04:00:00.000Z"},
                  {"name": "TESTBIO INC", "from": None, "to": None}]  # fmt: skip
        self.ingest(tmp_path, {"a.json": file_of(row(), formerNames=former, tickers=["TSTB", "TSTBW"])})
        company = Company.objects.get()
        assert (company.cik, company.ticker, company.role) == ("0009000001", "TSTB", "target")
        assert set(CompanyAlias.objects.values_list("kind", "alias", "valid_to")) == {
            ("former_name", "Oldbio Inc", dt.date(2019, 6, 3)), ("ticker", "TSTBW", None),
        }  # fmt: skip
        signal = Signal.objects.get()
        assert signal.source_id == "0009000009-24-000001:0009000001:1.01"
        assert signal.available_at == dt.datetime(2024, 5, 2, 20, 15, tzinfo=dt.UTC)
        assert signal.event_date == dt.datetime(2024, 5, 1, 4, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        "said", [{"sic": ""}, {"sic": "2836", "entityType": "other", "insiderTransactionForOwnerExists": 1}]
    )
    def test_individual_is_refused(self, tmp_path, said):
        with pytest.raises(IngestError, match="individual or a fund"):
            self.ingest(tmp_path, {"a.json": file_of(row(), **said)})
        assert not Company.objects.exists()

    def test_other_industry_is_skipped_unless_it_is_in_the_universe(self, tmp_path):
        data = {"a.json": file_of(row(), sic="7372")}
        assert self.ingest(tmp_path, data).skipped == 2
        CompanyFactory(cik="0009000001")
        assert self.ingest(tmp_path, data).created == 1

    def test_delisted_company_without_tickers_is_created_unlisted(self, tmp_path):
        gone = row(form="15-12G", items="", accessionNumber="0009000009-24-000002")
        self.ingest(tmp_path, {"a.json": file_of(row(), gone, tickers=[], exchanges=[])})
        company = Company.objects.get()
        assert (company.ticker, company.is_public) == (None, False)
        assert Signal.objects.filter(signal_type="delisting").count() == 1

    def test_ticker_of_another_company_is_not_taken_but_queued(self, tmp_path):
        holder = CompanyFactory(ticker="TSTB")
        known = CompanyFactory(cik="0009000001", ticker="OLDT")
        self.ingest(tmp_path, {"a.json": file_of(row())})
        holder.refresh_from_db()
        known.refresh_from_db()
        assert (holder.ticker, known.ticker) == ("TSTB", "OLDT")
        assert ReviewItem.objects.get().proposed == {"field": "ticker", "value": "TSTB"}

    def test_letters_of_the_commission_are_not_known_when_they_are_written(self, tmp_path):
        letter = row(form="UPLOAD", items="", accessionNumber="0009000009-24-000002")
        assert self.ingest(tmp_path, {"a.json": file_of(row(), letter)}).skipped == 1

    def test_overflow_file_joins_its_company_in_any_order_once(self, tmp_path):
        older = json.dumps(
            arrays(row(accessionNumber="0009000009-04-000002", items="5", filingDate="2004-05-03"))
        ).encode()
        files = {"CIK0009000001-submissions-001.json": older, "CIK0009000001.json": file_of(row())}
        first, second = self.ingest(tmp_path, files), self.ingest(tmp_path, files)
        assert (first.created, second.created, second.updated, second.unchanged) == (3, 0, 0, 3)

    def test_since_and_company_leave_out_the_rest(self, tmp_path):
        data = {"a.json": file_of(row())}
        assert self.ingest(tmp_path, data, since=dt.date(2024, 5, 3)).skipped == 1
        assert self.ingest(tmp_path, data, companies=frozenset({"NONE"})).skipped == 1

    def test_company_that_reported_on_an_old_form_after_leaving_an_exchange_is_not_gone(self, tmp_path):
        left = row(form="15-12G", items="", accessionNumber="0009000009-24-000002", filingDate="2007-05-02",
                   acceptanceDateTime="2007-05-02T20:15:00.000Z")  # fmt: skip
        later = row(form="10-KSB", items="", accessionNumber="0009000009-24-000003")
        self.ingest(tmp_path, {"a.json": file_of(left, later, tickers=[], exchanges=[])})
        assert Company.objects.get().is_public is True

    def test_dry_run_keeps_nothing(self, tmp_path):
        assert self.ingest(tmp_path, {"a.json": file_of(row())}, dry_run=True).created == 2
        assert not Company.objects.exists()


@pytest.mark.django_db
def test_real_submissions_give_what_jq_counts(shared_data):
    outcome = run(Request((shared_data / "edgar" / "submissions",)), lambda step: None)
    again = run(Request((shared_data / "edgar" / "submissions",)), lambda step: None)
    assert (outcome.rejected, again.created, again.updated) == (0, 0, 0)
    imunon = Company.objects.get(cik="0000749647")
    assert (imunon.ticker, imunon.name) == ("IMNN", "Imunon, Inc.")
    assert list(imunon.aliases.order_by("alias").values_list("alias", flat=True)) == [
        "CELSION CORP", "CHEUNG LABORATORIES INC",
    ]  # fmt: skip
    rows = Signal.objects.filter(company=imunon)
    # jq: 1,395 filings in two files; 52 CORRESP, UPLOAD and DRS among the first 1,000, 6 among the older ones
    assert rows.values("signal_data__accession").distinct().count() == 1395 - 52 - 6
    # 2 SC 13D of 2011 and 2021, 3 amendments that are not counted; a Form 25 of 2008 that only moved the listing
    assert rows.filter(signal_type="activist_stake").count() == 2
    assert rows.filter(signal_type="delisting").count() == 0
    # jq: 8-K 0000749647-10-000026, accepted 2010-06-17T22:17:07Z (a day before its filing date)
    late = rows.filter(available_at=dt.datetime(2010, 6, 17, 22, 17, 7, tzinfo=dt.UTC))
    assert {row.signal_data["item"] for row in late} == {"1.01", "3.02", "8.01"}


def tickers(**rows):
    return json.dumps(
        {str(n): {"cik_str": c, "ticker": t, "title": "Testbio Inc"} for n, (t, c) in enumerate(rows.items())}
    )


@pytest.mark.django_db
class TestTickers:
    def ingest(self, folder, text):
        (folder / "company_tickers.json").write_text(text)
        return run_tickers(Request((folder,)), lambda step: None)

    def test_ticker_changes_and_the_old_one_still_leads_here(self, tmp_path):
        company = CompanyFactory(ticker="OLDT", cik="0009000001", name="Testbio Inc")
        company.field_sources = {"ticker": {"source": "universe"}, "cik": {"source": "universe"}}
        company.save()
        first = self.ingest(tmp_path, tickers(NEWT="0009000001", NEWTW=9000001))
        company.refresh_from_db()
        assert (company.ticker, first.updated, first.unchanged) == ("NEWT", 1, 1)
        assert set(company.aliases.values_list("kind", "alias")) == {("former_ticker", "OLDT"), ("ticker", "NEWTW")}
        assert self.ingest(tmp_path, tickers(NEWT="0009000001", NEWTW=9000001)).updated == 0

    def test_list_of_companies_of_another_day_does_not_take_turns_with_the_register(self, tmp_path):
        folder = tmp_path / "universe"
        folder.mkdir()
        (folder / "companies.csv").write_text(
            "ticker,cik,name,market_cap_usd_approx,market_cap_as_of\nOLDT,9000001,Testbio Inc,5000000,2026-05\n"
        )
        (folder / "programs.csv").write_text(
            "ticker,nct_id,drug,molecule_type,mechanism,indication,phase,status\n"
            "OLDT,NCT90000001,TBA-101,,,Obesity,PHASE1,COMPLETED\n"
        )
        assert run_universe(Request((folder / "companies.csv",)), lambda step: None).created == 1
        assert self.ingest(tmp_path, tickers(NEWT=9000001)).updated == 1
        # The list's own ticker still means its company.
        assert run_universe(Request((folder,)), lambda step: None).created == 1
        again = [run_universe(Request((folder,)), lambda step: None), self.ingest(tmp_path, tickers(NEWT=9000001))]
        assert [(one.created, one.updated, one.rejected) for one in again] == [(0, 0, 0), (0, 0, 0)]
        assert Company.objects.get().ticker == "NEWT"

    def test_analysts_ticker_stays(self, tmp_path):
        company = CompanyFactory(ticker="OLDT", cik="0009000001", name="Testbio Inc")
        outcome = self.ingest(tmp_path, tickers(NEWT=9000001))
        company.refresh_from_db()
        assert company.ticker == "OLDT"
        assert "set by an analyst" in str(outcome.refusals[0])

    def test_of_several_lists_the_later_counts_and_a_second_run_changes_nothing(self, tmp_path):
        CompanyFactory(cik="0009000001", ticker="OLDT", field_sources={"ticker": {"source": "starter"}})
        rows = [{"cik_str": 9000001, "ticker": ticker, "title": "Testbio"} for ticker in ("OLDT", "NEWT")]
        for number, one in enumerate(rows):
            (tmp_path / f"company_tickers_{number}.json").write_text(json.dumps({"0": one}))
        first, second = (run_tickers(Request((tmp_path,)), lambda step: None) for _ in range(2))
        assert Company.objects.get().ticker == "NEWT"
        assert (first.updated, first.skipped) == (1, 1)
        assert (second.created, second.updated) == (0, 0)

    def test_reused_ticker_goes_to_its_new_company(self, tmp_path):
        sources = {"ticker": {"source": "universe"}}
        old = CompanyFactory(ticker="SAME", cik="0009000001", field_sources=sources)
        new = CompanyFactory(ticker="TEMP", cik="0009000002", field_sources=sources)
        self.ingest(tmp_path, tickers(SAME=9000002))
        old.refresh_from_db()
        new.refresh_from_db()
        assert (old.ticker, new.ticker) == (None, "SAME")
        assert set(old.aliases.values_list("kind", "alias")) == {("former_ticker", "SAME")}

    @pytest.mark.parametrize(("asked", "ticker"), [("0009000003", "SAME"), ("0009000002", None), ("0009000001", None)])
    def test_ticker_is_taken_from_nobody_whom_the_run_does_not_concern(self, tmp_path, asked, ticker):
        sources = {"ticker": {"source": "universe"}}
        old = CompanyFactory(ticker="SAME", cik="0009000001", field_sources=sources)
        for number, temporary in ((2, "TEMP"), (3, "OTHR")):
            CompanyFactory(ticker=temporary, cik=f"000900000{number}", field_sources=sources)
        (tmp_path / "company_tickers.json").write_text(tickers(SAME=9000002, OTHR=9000003))
        run_tickers(Request((tmp_path,), companies=frozenset({asked})), lambda step: None)
        old.refresh_from_db()
        assert old.ticker == ticker

    def test_bad_rows_are_rejected_with_their_number(self, tmp_path):
        CompanyFactory(ticker="GOOD", cik="0009000001", name="Testbio Inc")
        outcome = self.ingest(tmp_path, tickers(GOOD=9000001, **{"B AD": 9000002, "ZERO": 0, "NEG": -4}))
        assert (outcome.unchanged, outcome.rejected) == (1, 3)
        assert [reject.line for reject in outcome.rejects] == [2, 3, 4]

    def test_other_json_is_no_list(self, tmp_path):
        with pytest.raises(IngestError, match="no list of tickers"):
            self.ingest(tmp_path, '{"a": 1}')


@pytest.mark.django_db
def test_real_list_is_read_whole(shared_data):
    CompanyFactory(ticker="LLY", cik="0000059478", name="Eli Lilly")
    outcome = run_tickers(Request((shared_data / "edgar" / "company_tickers.json",)), lambda step: None)
    # jq length
    assert (outcome.read, outcome.rejected) == (9610, 0)
