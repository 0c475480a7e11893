"""Indexes of any width and the feed of the latest filings."""

from __future__ import annotations

import datetime as dt
import gzip

import pytest

from signals_app.ingest.base import IngestError, ParseError, Request
from signals_app.ingest.edgar.forms import Part
from signals_app.ingest.edgar.index import atom
from signals_app.ingest.edgar.index.parse import parse
from signals_app.ingest.edgar.index.run import run
from signals_app.ingest.perform import perform
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory

TODAY = dt.date(2026, 1, 5)
PATH = "edgar/data/9000001/0009000009-24-000001.txt"
RULE = "-" * 120


def fixed(*rows, widths=(62, 12, 12, 12), names=("Company Name", "Form Type", "CIK", "Date Filed", "File Name")):
    lines = ["Description:  Index", " ", _row(names, widths), RULE, *(_row(each, widths) for each in rows)]
    return "\n".join(lines).splitlines(keepends=True)


def _row(values, widths):
    return "".join(value.ljust(width) for value, width in zip(values, (*widths, 0), strict=True))


ROW = ("Testbio, Inc.", "8-K", "9000001", "20240502", PATH)
BY_FORM = ("Form Type", "Company Name", "CIK", "Date Filed", "File Name")
MASTER = ["Description: Master Index\n", "CIK|Company Name|Form Type|Date Filed|Filename\n", f"{RULE}\n"]


@pytest.mark.parametrize(
    "lines",
    [
        fixed(ROW),
        fixed(ROW, widths=(40, 20, 14, 14)),
        fixed(("8-K", "Testbio, Inc.", *ROW[2:]), widths=(12, 62, 12, 12), names=BY_FORM),
        fixed(("Testbio, Inc.", "8-K", "9000001", "2024-05-02", PATH)),
        [*MASTER, f"9000001|Testbio, Inc.|8-K|20240502|{PATH}\n"],
        fixed(
            ("Testbio 24 7 and 1234567 Holdings with a name that fills the column", "8-K", *ROW[2:]),
            widths=(67, 12, 12, 12),
        ),
    ],
    ids=["company", "other widths", "form", "quarterly", "master", "numbers in the name"],
)
def test_index_gives_form_cik_day_and_accession(lines):
    (found,) = parse(lines, "x.idx", TODAY)
    assert (found.form.base, found.cik, found.accession) == ("8-K", "0009000001", "0009000009-24-000001")
    # a day alone counts from its beginning in New York
    assert found.accepted == dt.datetime(2024, 5, 2, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize("form", ["SCHEDULE 13D", "SCHEDULE 13D/A", "SCHEDULE 13E3"])
def test_form_type_that_fills_its_column_runs_into_the_cik(form):
    (found,) = parse(fixed(("Testbio, Inc.", form, *ROW[2:])), "x.idx", TODAY)
    assert (found.form.base, found.cik) == (form.removesuffix("/A").replace("SCHEDULE", "SC"), "0009000001")


def test_form_type_wider_than_its_column_keeps_its_amendment():
    row = ("SCHEDULE 13G/A", "Testbio, Inc.", *ROW[2:])
    (found,) = parse(fixed(row, widths=(12, 62, 12, 12), names=BY_FORM), "x.idx", TODAY)
    assert (found.form.base, found.form.is_amendment) == ("SC 13G", True)


def test_year_of_two_digits_is_of_the_last_century():
    (found,) = parse(fixed((*ROW[:3], "950103", PATH)), "x.idx", TODAY)
    assert found.filed == dt.date(1995, 1, 3)


def test_header_broken_over_two_lines_is_understood():
    lines = fixed(ROW)
    lines[2:3] = ["Company Name".ljust(62) + "Form Type   CIK\n", "      Date Filed  File Name\n"]
    assert len(list(parse(lines, "x.idx", TODAY))) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("Testbio, Inc.   8-K   9000001", "does not end in CIK, day and path"),
        (_row(("Testbio", "8-K", "9000001", "20270502", PATH), (62, 12, 12, 12)), "in the future"),
        (_row(("Testbio", "8-K", "9000001", "20241340", PATH), (62, 12, 12, 12)), "month must be"),
        (_row(("Testbio", "8-K", "9000001", "20240502", "edgar/data/9/x.txt"), (62, 12, 12, 12)), "no accession"),
        (_row(("Testbio", "8-K", "0", "20240502", PATH), (62, 12, 12, 12)), "no CIK"),
    ],
)
def test_bad_line_is_rejected_and_the_others_go_in(bad, reason):
    first, second = parse([*fixed(ROW), "\n", bad + "\n"], "x.idx", TODAY)
    assert first.cik == "0009000001"
    assert isinstance(second, ParseError)
    assert reason in second.reason
    assert second.line == 7


@pytest.mark.parametrize("lines", [[], ["<html>\n"], ["Company Name  CIK\n", "a\n"]])
def test_file_that_is_no_index_is_refused(lines):
    with pytest.raises(ParseError):
        list(parse(lines, "x.idx", TODAY))


def feed(*entries, head=""):
    return f'{head}<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'.encode()


def entry(form="8-K", party="Testbio, Inc. (0009000001) (Filer)", updated="2024-05-02T17:45:00-04:00", more=""):
    return f"""<entry><title>{form} - {party}</title><link href="https://www.sec.gov/x-index.htm"/>
<summary type="html">&lt;b&gt;Filed:&lt;/b&gt; 2024-05-02 {more}</summary><updated>{updated}</updated>
<category term="{form}"/><id>urn:tag:sec.gov,2008:accession-number=0009000009-24-000001</id></entry>"""


def test_feed_gives_part_items_and_acceptance():
    data = feed(entry(more="&lt;br&gt;Item 5.02: Departure &lt;br&gt;Item 9.01: Exhibits"),
                entry("SCHEDULE 13D", "Testbio (Nasdaq) Corp - II (0009000001) (Subject)"))  # fmt: skip
    first, second = atom.parse(data, "f", TODAY)
    assert (first.items, first.part, first.accepted) == (
        ("5.02", "9.01"), Part.FILER, dt.datetime(2024, 5, 2, 21, 45, tzinfo=dt.UTC),
    )  # fmt: skip
    assert (second.form.base, second.part) == ("SC 13D", Part.SUBJECT)


def test_feed_with_a_prefix_for_its_names_is_read():
    data = feed(entry()).decode().replace("<", "<a:").replace("<a:/", "</a:").replace("xmlns=", "xmlns:a=")
    assert len(list(atom.parse(data.encode(), "f", TODAY))) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (feed(head='<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "entities"),
        (feed(entry())[:-30], "cut off"),
        (b"<html></html>", "no Atom feed"),
    ],
)
def test_feed_that_is_none_is_refused(data, reason):
    with pytest.raises(ParseError, match=reason):
        list(atom.parse(data, "f", TODAY))


@pytest.mark.parametrize(
    "bad", [entry(party="no party"), entry(updated="yesterday"), entry(updated="2027-01-01T00:00:00Z")]
)
def test_bad_entry_is_rejected_and_the_others_go_in(bad):
    first, second = atom.parse(feed(bad, entry()), "f", TODAY)
    assert (isinstance(first, ParseError), first.line) == (True, 1)
    assert second.cik == "0009000001"


@pytest.mark.django_db
def test_run_takes_the_companies_of_the_universe_once(tmp_path):
    CompanyFactory(cik="0009000001")
    other = ("Other", "8-K", "9000002", *ROW[3:])
    (tmp_path / "company.idx.gz").write_bytes(
        gzip.compress("".join(fixed(ROW, other)).replace("File", "File").encode())
    )
    first = run(Request((tmp_path,)), lambda step: None)
    second = run(Request((tmp_path,)), lambda step: None)
    assert (first.created, first.skipped, second.created, second.unchanged) == (1, 1, 0, 1)
    assert Signal.objects.get().title == "8-K filed"


@pytest.mark.django_db
def test_company_that_files_about_itself_is_taken_as_the_subject_alone(tmp_path):
    CompanyFactory(cik="0009000001")
    entries = [entry("SC 14D9", f"Testbio, Inc. (0009000001) ({part})") for part in ("Filed by", "Subject")]
    (tmp_path / "getcurrent.xml").write_bytes(feed(*entries))
    outcome = run(Request((tmp_path,)), lambda step: None)
    assert (outcome.created, outcome.skipped) == (1, 1)
    assert Signal.objects.get().signal_type == "takeover_target"


def index_file(folder, form, day, number, cik="9000001"):
    path = f"edgar/data/{cik}/0009000009-24-{number:06}.txt"
    (folder / f"{number}.idx").write_text("".join(fixed(("Testbio, Inc.", form, cik, day, path))))


@pytest.mark.django_db
def test_vote_of_a_company_that_had_registered_shares_for_a_merger_is_queued(tmp_path):
    CompanyFactory(cik="0009000001")
    index_file(tmp_path, "S-4", "20240304", 1)
    index_file(tmp_path, "DEFM14A", "20240502", 2)
    run(Request((tmp_path,)), lambda step: None)
    assert list(Signal.objects.values_list("signal_data__form", flat=True)) == ["S-4"]
    assert "registered shares for a merger" in ReviewItem.objects.get().evidence


@pytest.mark.django_db
def test_stake_that_the_index_cannot_place_is_settled_by_the_feed(tmp_path):
    CompanyFactory(cik="0009000001")
    folders = [tmp_path / "index", tmp_path / "feed"]
    for folder in folders:
        folder.mkdir()
    index_file(folders[0], "SCHEDULE 13D", "20240502", 1)
    (folders[1] / "getcurrent.xml").write_bytes(feed(entry("SCHEDULE 13D", "Testbio, Inc. (0009000001) (Subject)")))
    for folder in (*folders, *folders):
        perform("edgar-index", Request((folder,)), lambda step: None)
    item = ReviewItem.objects.get()
    assert (item.status, item.reason) == ("settled", "The company's part in the filing is known by now: subject.")
    assert Signal.objects.get().signal_type == "activist_stake"


@pytest.mark.django_db
def test_real_indexes_are_read_whole(shared_data):
    company = CompanyFactory(cik="0000872589", name="Regeneron")
    outcome = run(Request((shared_data / "edgar" / "index",)), lambda step: None)
    # grep -c 'edgar/data/' company.20221003.idx = 4925; grep -c '<entry>' getcurrent_atom.xml = 100
    assert (outcome.read, outcome.rejected) == (5025, 0)
    # grep ' 872589 ' gives a Form 4 and an 8-K
    assert sorted(Signal.objects.filter(company=company).values_list("signal_data__form", flat=True)) == ["4", "8-K"]


@pytest.mark.django_db
def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "a.idx").write_text("<html>no</html>")
    with pytest.raises(IngestError):
        run(Request((tmp_path,)), lambda step: None)
