"""The Orange Book: the last protected day of a drug, delisted patents, paediatric months, nearness."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.ingest.base import IngestError, Outcome, ParseError, Request
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.fda.orangebook import parse
from signals_app.ingest.fda.orangebook.run import run
from signals_app.ingest.files import Document
from signals_app.models import Signal
from tests.factories import CompanyFactory, DrugCandidateFactory

OWN = Path(__file__).parent.parent / "data" / "fda"
TABLES = (OWN / "patent.txt", OWN / "exclusivity.txt")
STARTER = {"source": "starter"}


def ingest(*paths: Path, **asked: object) -> Outcome:
    return run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[arg-type]


def approved(application: str, **fields: object):
    return DrugCandidateFactory(
        phase="approved", additional_data={"applications": [application]},
        field_sources={"patent_expiry": STARTER, "additional_data": STARTER}, **fields,
    )  # fmt: skip


@pytest.mark.django_db
def test_last_protected_day_counts_paediatric_months_and_no_delisted_patent():
    candidate = approved("NDA900001")
    outcome = ingest(*TABLES)
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2027, 7, 15)
    note = candidate.field_sources["patent_expiry"]
    assert note == {"source": "orangebook", "id": "NDA900001 patent 9000001*PED", "as_of": "2024-05-31"}
    assert (outcome.read, outcome.rejected, outcome.skipped) == (7, 1, 2)
    assert outcome.rejects[0].line == 5
    again = ingest(*TABLES)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)


@pytest.mark.django_db
def test_near_expiry_is_a_signal_known_from_the_edition():
    candidate = approved("NDA900001")
    ingest(*TABLES)
    # 2027-07-15 is more than three years after 2024-05-31: not near.
    assert not Signal.objects.exists()
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2027, 7, 15)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("patent.txt", "exclusivity.txt"), ("exclusivity.txt", "patent.txt")])
def test_halves_of_the_book_give_the_same_one_after_the_other(order):
    candidate = approved("NDA900001")
    for name in order:
        ingest(OWN / name)
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2027, 7, 15)
    assert candidate.field_sources["patent_expiry"]["as_of"] == "2024-05-31"
    for name in order:
        again = ingest(OWN / name)
        assert (again.created, again.updated) == (0, 0)


@pytest.mark.django_db
def test_whole_book_moves_a_last_day_in(tmp_path):
    candidate = approved("NDA900001")
    ingest(*TABLES)
    text = (
        (OWN / "patent.txt").read_text().replace("Jul 15, 2027", "Jun 15, 2026").replace("May 31, 2024", "Jun 3, 2024")
    )
    (tmp_path / "patent.txt").write_text(text.replace("Jan 15, 2027", "Jan 15, 2026"))
    ingest(tmp_path / "patent.txt", OWN / "exclusivity.txt")
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2026, 6, 15)


@pytest.mark.django_db
def test_candidate_with_garbled_applications_is_passed_over():
    DrugCandidateFactory(phase="approved", additional_data={"applications": 5})
    candidate = approved("NDA900001")
    ingest(*TABLES)
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2027, 7, 15)


@pytest.mark.django_db
def test_expiry_within_three_years_becomes_a_signal(tmp_path):
    approved("NDA900001")
    text = (OWN / "patent.txt").read_text().replace("Jul 15, 2027", "Apr 15, 2027")
    (tmp_path / "patent.txt").write_text(text)
    outcome = ingest(tmp_path)
    row = Signal.objects.get(signal_type="patent_expiry")
    assert row.event_date.date() == dt.date(2027, 4, 15)
    assert row.available_at.date() == dt.date(2024, 5, 31)
    assert row.source_id == "NDA900001:2027-04-15:patent_expiry"
    assert outcome.created == 2


@pytest.mark.django_db
def test_analysts_day_is_kept_and_the_refusal_told():
    candidate = approved("NDA900001", patent_expiry=dt.date(2030, 1, 1))
    candidate.field_sources = {"patent_expiry": {"source": "curated"}}
    candidate.save()
    outcome = ingest(*TABLES)
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2030, 1, 1)
    assert "set by an analyst" in str(outcome.refusals[0])


@pytest.mark.django_db
def test_older_edition_changes_nothing(tmp_path):
    candidate = approved("NDA900001")
    ingest(*TABLES)
    text = (OWN / "patent.txt").read_text().replace("2024", "2020").replace("Jul 15, 2027", "Jul 15, 2026")
    (tmp_path / "patent.txt").write_text(text)
    assert ingest(tmp_path).updated == 0
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2027, 7, 15)


@pytest.mark.django_db
def test_new_chemical_entity_is_noted_on_the_candidates_of_its_application_alone():
    candidate, other = approved("NDA900001", name="Alpha"), approved("NDA123456", name="Alpha")
    ingest(*TABLES)
    candidate.refresh_from_db()
    other.refresh_from_db()
    assert candidate.additional_data == {"applications": ["NDA900001"], "new_chemical_entity": "2023-06-28"}
    note = candidate.field_sources["new_chemical_entity"]
    assert note == {"source": "orangebook", "id": "NDA900001 exclusivity NCE", "as_of": "2024-05-31"}
    assert other.additional_data == {"applications": ["NDA123456"]}


@pytest.mark.django_db
def test_analysts_additional_data_stay_as_they_are():
    candidate = approved("NDA900001")
    candidate.field_sources = {**candidate.field_sources, "additional_data": {"source": "curated"}}
    candidate.save()
    outcome = ingest(*TABLES)
    candidate.refresh_from_db()
    assert candidate.additional_data == {"applications": ["NDA900001"]}
    assert "additional_data stays" in str(outcome.refusals[0])


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"Appl_No~x\n1~2\n"])
def test_file_of_another_kind_is_an_error(tmp_path, content):
    (tmp_path / "patent.txt").write_bytes(content)
    with pytest.raises(IngestError):
        ingest(tmp_path)


@given(st.integers(0, 700), st.binary(max_size=5))
def test_mutated_table_gives_rows_or_parse_errors(at, noise):
    data = (OWN / "patent.txt").read_bytes()
    data = data[:at] + noise + data[at + len(noise) :]
    document = Document("f", "f", len(data), lambda: io.BytesIO(data))
    try:
        for row in Table(document, "~", needed=parse.PATENT).rows():
            if isinstance(row, Row):
                parse.patent(row, today=dt.date(2026, 11, 23))
    except ParseError:
        pass


@pytest.mark.django_db
def test_real_edition_gives_what_grep_finds(shared_data):
    company = CompanyFactory()
    nuplazid = approved("NDA207318", company=company, name="pimavanserin")
    exondys = approved("NDA206488", company=company, name="eteplirsen")
    folder = shared_data / "fda" / "orangebook"
    outcome = ingest(folder)
    nuplazid.refresh_from_db()
    exondys.refresh_from_db()
    # Patents 10517860 and 10953000 of one of its products outlast 7601740 (29 April 2030).
    assert nuplazid.patent_expiry == dt.date(2037, 3, 23)
    assert exondys.patent_expiry == dt.date(2034, 3, 14)
    assert outcome.read == 20_667
    assert outcome.rejected == 0
    assert ingest(folder).updated == 0
