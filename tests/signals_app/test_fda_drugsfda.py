"""Drugs@FDA: which decisions become signals, of whom, and the real files by hand."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.ingest.base import IngestError, Outcome, ParseError, Request
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.fda.drugsfda import parse
from signals_app.ingest.fda.drugsfda.candidates import plain
from signals_app.ingest.fda.drugsfda.run import run
from signals_app.ingest.files import Document
from signals_app.models import ReviewItem, Signal
from signals_app.review_services import accept_review
from tests.factories import CompanyFactory, DrugCandidateFactory

OWN = Path(__file__).parent.parent / "data" / "fda"
TODAY = dt.date(2026, 11, 23)


def ingest(*paths: Path, **asked: object) -> Outcome:
    return run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[arg-type]


def report_row(name: str) -> Row:
    values = {
        "Approval Date": "01/04/2026", "Drug Name": name, "Submission": "ORIG-1", "Company": "X",
        "Submission Status": "Approval",
    }  # fmt: skip
    return Row("f", 2, values)


@pytest.mark.parametrize(
    ("name", "drug", "application"),
    [
        ("ALEVENDA   #020204", "ALEVE", "NDA020204"),
        ("TECFIDERANDA   #204063", "TECFIDERA", "NDA204063"),
        ("CYANOCOBALAMINANDA  #212915", "CYANOCOBALAMIN", "ANDA212915"),
        ("NEUPOGENBLA   #103353", "NEUPOGEN", "BLA103353"),
        ("NEUPOGEN BLA #103353", "NEUPOGEN", "BLA103353"),
    ],
)
def test_name_of_a_report_gives_drug_and_application(name, drug, application):
    found = parse.report(report_row(name), today=TODAY)
    assert (found.drug, found.application) == (drug, application)


@pytest.mark.django_db
def test_decisions_become_signals_of_the_holder():
    company = CompanyFactory(name="Arden Testbio, Inc.")
    outcome = ingest(OWN)
    assert outcome.read == sum((outcome.created, outcome.updated, outcome.unchanged, outcome.skipped, outcome.rejected))
    rows = {row.source_id: row for row in Signal.objects.filter(company=company)}
    assert {key: (row.signal_type, row.severity) for key, row in rows.items()} == {
        "NDA900001:ORIG:2018-06-28": ("fda_approval", "critical"),
        "NDA900001:SUPPL-3:2019-02-01": ("fda_supplement", "medium"),
        "BLA900002:ORIG:2019-05-01": ("fda_tentative_approval", "low"),
        "NDA900001:SUPPL-9:2026-01-04": ("fda_supplement", "medium"),
    }
    assert rows["NDA900001:ORIG:2018-06-28"].signal_data["drug"] == "ARDENTA"
    again = ingest(OWN)
    assert (again.created, again.updated, again.read) == (0, 0, outcome.read)


@pytest.mark.django_db
def test_faulty_rows_are_rejected_with_line_and_reason():
    CompanyFactory(name="Arden Testbio")
    found = {(error.file, error.line): error.reason for error in ingest(OWN).rejects}
    assert found == {
        ("Submissions.txt", 7): "SubmissionStatusDate is empty",
        ("Submissions.txt", 8): "SubmissionStatusDate 2108-01-01 is in the future",
        ("Submissions.txt", 9): "has 3 columns, expected 8",
        ("approvals_2026_jan.csv", 5): "Approval Date '13/45/2026' is no day",
        ("approvals_2026_jan.csv", 6): "Drug Name 'NOTHING' names no application",
    }


@pytest.mark.django_db
def test_holder_that_is_merely_alike_is_asked_about_not_guessed():
    company = CompanyFactory(name="Arden Therapeutics, Inc.")
    ingest(OWN)
    assert not Signal.objects.exists()
    item = ReviewItem.objects.get(proposed__alias="ARDEN PHARMS")
    assert (item.kind, item.company) == ("alias", company)


@pytest.mark.django_db
def test_approval_adds_its_number_to_the_approved_candidate():
    company = CompanyFactory(name="Arden Testbio")
    candidate = DrugCandidateFactory(
        company=company, name="ardenib", phase="approved", field_sources={"additional_data": {"source": "starter"}}
    )
    other = DrugCandidateFactory(company=company, name="ardenib", indication="Gout", phase="phase_2")
    ingest(OWN)
    candidate.refresh_from_db()
    other.refresh_from_db()
    assert candidate.additional_data["applications"] == ["NDA900001"]
    assert candidate.additional_data["approved_on"] == "2018-06-28"
    assert "applications" not in other.additional_data


@pytest.mark.parametrize(
    ("name", "plainly"),
    [
        ("PIMAVANSERIN TARTRATE", "pimavanserin"), ("Tremelimumab-actl", "tremelimumab"), ("ARD-501", "ard-501"),
        ("LITHIUM CARBONATE", "lithium"), ("Sodium phosphate", "sodium"), ("SODIUM", "sodium"),
        ("insulin glargine", "insulin glargine"),
    ],
)  # fmt: skip
def test_name_without_salt_and_suffix(name, plainly):
    assert plain(name) == plainly


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Efficacy", "fda_supplement"), ("Efficacy-New Indication", "fda_supplement"),
        ("Efficacy - New Patient Population", "fda_supplement"), ("Efficacy-New Dosing Regimen", None),
        ("Efficacy-Labeling Change With Clinical Data", None), ("Labeling", None), ("", None),
    ],
)  # fmt: skip
def test_supplement_counts_where_it_adds_a_use(said, kind):
    row = report_row("NEUPOGENBLA   #103353")
    row.values.update({"Submission": "SUPPL-9", "Submission Classification *": said})
    assert parse.report(row, today=TODAY).signal_type == kind


@pytest.mark.django_db
def test_approval_of_a_drug_not_yet_approved_is_a_question_for_each_indication():
    company = CompanyFactory(name="Arden Testbio")
    filed = DrugCandidateFactory(
        company=company, name="Ardenib", indication="Gout", phase="discontinued", additional_data={"status": "ended"},
        field_sources={"additional_data": {"source": "clinicaltrials"}, "phase": {"source": "clinicaltrials"}},
    )  # fmt: skip
    DrugCandidateFactory(company=company, name="ardenib sodium", indication="Lupus", phase="phase_2")
    DrugCandidateFactory(company=company, name="other", phase="phase_3")
    ingest(OWN)
    items = list(ReviewItem.objects.filter(kind="value").order_by("title"))
    assert [item.title for item in items] == [
        "Is Ardenib, Gout approved? FDA approved ARDENTA (NDA900001) on 2018-06-28",
        "Is ardenib sodium, Lupus approved? FDA approved ARDENTA (NDA900001) on 2018-06-28",
    ]
    filed.refresh_from_db()
    assert filed.phase == "discontinued"
    accept_review(item=items[0])
    ingest(OWN)
    filed.refresh_from_db()
    assert (filed.phase, filed.additional_data["approved_on"]) == ("approved", "2018-06-28")
    assert filed.additional_data["status"] == "approved"
    assert filed.field_sources["phase"] == {"source": "drugsfda", "id": "NDA900001 2018-06-28"}
    assert ReviewItem.objects.filter(kind="value").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"<html></html>", "Drug Name,Company\n".encode("utf-16")])
def test_file_of_another_kind_is_an_error(tmp_path, content):
    (tmp_path / "approvals.csv").write_bytes(content)
    with pytest.raises(IngestError):
        ingest(tmp_path)


@given(st.integers(0, 900), st.binary(max_size=5))
def test_mutated_report_gives_rows_or_parse_errors(at, noise):
    data = (OWN / "approvals_2026_jan.csv").read_bytes()
    data = data[:at] + noise + data[at + len(noise) :]
    document = Document("f", "f", len(data), lambda: io.BytesIO(data))
    try:
        for row in Table(document, ",", needed=parse.REPORT, quoted=True).rows():
            if isinstance(row, Row):
                parse.report(row, today=TODAY)
    except ParseError:
        pass


@pytest.mark.django_db
def test_real_files_give_what_a_reader_finds(shared_data):
    names = {"VRTX": "Vertex Pharmaceuticals Incorporated", "ACAD": "ACADIA Pharmaceuticals Inc.",
             "SRPT": "Sarepta Therapeutics, Inc.", "GILD": "Gilead Sciences, Inc."}  # fmt: skip
    for ticker, name in names.items():
        CompanyFactory(ticker=ticker, name=name)
    folder = shared_data / "fda" / "drugsfda"
    first = ingest(folder)
    assert ingest(folder).created == 0
    assert {error.reason for error in first.rejects} <= {"SubmissionStatusDate is empty"}
    approvals = Signal.objects.filter(signal_type="fda_approval")
    days = {row.source_id for row in approvals.filter(company__ticker="ACAD")}
    assert {"NDA207318:ORIG:2016-04-29", "NDA210793:ORIG:2018-06-28"} <= days
    assert set(approvals.filter(company__ticker="SRPT").values_list("source_id", flat=True)) == {
        "NDA206488:ORIG:2016-09-19", "NDA213026:ORIG:2021-02-25",
    }  # fmt: skip
    vertex = approvals.filter(company__ticker="VRTX").values_list("signal_data__application_number", flat=True)
    assert {"NDA201917", "NDA203188", "NDA206038", "NDA207925", "NDA210491"} <= set(vertex)
    assert Counter(
        Signal.objects.filter(signal_type="fda_supplement", event_date__gte=dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
        .values_list("company__ticker", flat=True)
    )["GILD"] == 3  # fmt: skip
