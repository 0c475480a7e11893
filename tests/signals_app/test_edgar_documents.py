"""Full submissions: header, exhibits, whose merger it is, and what the words suggest."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest

from signals_app.ingest.base import IngestError, ParseError, Request
from signals_app.ingest.edgar import full_text
from signals_app.ingest.edgar.documents import merger, phrases, text
from signals_app.ingest.edgar.documents.run import is_read, run
from signals_app.ingest.edgar.forms import Part
from signals_app.ingest.edgar.header_items import items_in_words
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory

TARGET_8K = Path(__file__).parent.parent / "data" / "edgar" / "target_8k.txt"


def parsed(data: bytes):
    return full_text.parse(io.BytesIO(data), "x.txt", is_read)


def test_header_and_exhibits_are_read():
    found = parsed(TARGET_8K.read_bytes())
    assert (found.accession, found.form, found.items) == ("0009000001-24-000010", "8-K", ("1.01", "8.01", "9.01"))
    # the header's time is New York's
    assert found.accepted == dt.datetime(2024, 3, 4, 12, 5, 12, tzinfo=dt.UTC)
    assert [(p.part, p.cik, p.name, p.sic) for p in found.parties] == [
        (Part.FILER, "0009000001", "Testbio Therapeutics, Inc.", "2834")
    ]
    assert [e.type for e in found.exhibits] == ["8-K", "EX-2.1", "EX-99.1", "GRAPHIC"]
    assert [bool(e.text) for e in found.exhibits] == [True, False, True, False]


def test_header_in_tags_is_read():
    data = b"""<SUBMISSION>
<ACCESSION-NUMBER>0009000002-23-000007
<TYPE>SC TO-T
<PUBLIC-DOCUMENT-COUNT>1
<FILING-DATE>20230504
<SUBJECT-COMPANY>
<COMPANY-DATA>
<CONFORMED-NAME>Testbio
<CIK>0009000001
<ASSIGNED-SIC>2836
</COMPANY-DATA>
</SUBJECT-COMPANY>
<FILED-BY>
<COMPANY-DATA>
<CONFORMED-NAME>Bigpharma plc
<CIK>0009000002
</COMPANY-DATA>
</FILED-BY>
<DOCUMENT>
<TYPE>SC TO-T
<TEXT>
x
</TEXT>
</DOCUMENT>
</SUBMISSION>
"""
    found = parsed(data)
    assert [(p.part, p.cik, p.sic) for p in found.parties] == [
        (Part.SUBJECT, "0009000001", "2836"), (Part.FILED_BY, "0009000002", "")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no full submission"),
        (b"<html><body>Access denied</body></html>", "no full submission"),
        (TARGET_8K.read_bytes()[:2500], "ends within a document"),
        (TARGET_8K.read_bytes().replace(b"ACCESSION NUMBER:\t\t0009000001-24-000010", b""), "lacks ACCESSION NUMBER"),
        (TARGET_8K.read_bytes().replace(b"FILED AS OF DATE:\t\t20240304", b"FILED AS OF DATE:\t\t20241340"), "header"),
    ],
)
def test_file_that_is_none_is_refused_with_the_reason(data, reason):
    with pytest.raises(ParseError, match=reason):
        parsed(data)


def test_titles_of_items_change_their_number_in_2004():
    titles = ["Other Events", "Financial Statements and Exhibits", "Unheard Of"]
    assert items_in_words(titles, dt.date(2004, 8, 20)) == ("5", "7")
    assert items_in_words(titles, dt.date(2004, 8, 23)) == ("8.01", "9.01")


def test_abbreviations_end_no_sentence():
    found = list(text.sentences(["Testbio, Inc. and Bigpharma Corp. agreed. The price is $2.50 a share."]))
    assert found == ["Testbio, Inc. and Bigpharma Corp. agreed.", "The price is $2.50 a share."]


def test_plain_text_joins_wrapped_lines_and_finds_items():
    blocks = text.paragraphs(b"Item 5.02 Departure\n\nThe chief executive\nofficer resigned.\n\nSIGNATURES\n\nx\n")
    assert text.items(blocks)["5.02"] == ["Departure", "The chief executive officer resigned."]


INTRO = 'Testbio, Inc. (the "Company") entered into an Agreement and Plan of Merger with Other Corp. and Merger Sub.'
MERGERS = [
    (
        "target at a price in cash",
        [INTRO, "Merger Sub will merge with and into the Company, with the Company surviving as a wholly owned "
         "subsidiary of Parent.", "Holders receive $3.25 per share in cash."],
        True, "takeover_target", True,
    ),
    (
        "target without the agreement attached",
        [INTRO, "Merger Sub will merge with and into the Company, with the Company surviving as a wholly owned "
         "subsidiary of Parent.", "Holders receive $3.25 per share in cash."],
        False, "takeover_target", False,
    ),
    (
        "acquirer's copy that calls the target the Company",
        ['Testbio, Inc. ("Testbio" or "Parent") entered into an Agreement and Plan of Merger with Other Corp. '
         '(the "Company").',
         "Merger Sub will merge with and into the Company, with the Company surviving as a wholly owned subsidiary of "
         "Testbio.", "Each share of the Company becomes $3.25 in cash."],
        True, "takeover_acquirer", False,
    ),
    (
        "acquirer that calls itself the Company",
        [INTRO, "Merger Sub, a wholly owned subsidiary of the Company, will merge with and into Other Corp., with "
         "Other Corp. surviving as a wholly owned subsidiary of the Company."],
        True, "takeover_acquirer", False,
    ),
    (
        "reverse merger",
        [INTRO, "Merger Sub will merge with and into Other Corp., with Other Corp. surviving as a wholly owned "
         "subsidiary of the Company.",
         "Pre-merger stockholders of the Company are expected to own approximately 12.5% of "
         "the combined company."],
        True, "reverse_merger", False,
    ),
    (
        "asset sale",
        ["The Company entered into an Asset Purchase Agreement to sell substantially all of its assets."],
        True, "asset_sale", False,
    ),
    ("who buys whom is not said", [INTRO], True, "takeover_target", False),
    ("loan", ["The Company entered into a loan agreement with a bank."], False, None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentences", "attached", "kind", "sure"), [m[1:] for m in MERGERS], ids=[m[0] for m in MERGERS]
)
def test_agreement_says_whose_merger_it_is(sentences, attached, kind, sure):
    reading = merger.read(sentences, "Testbio, Inc.", has_merger_exhibit=attached)
    assert (reading.signal_type if reading else None) == kind
    assert (not reading.doubt if reading else None) == sure


PHRASES = [
    ("The Company received a complete response letter from the FDA for TB-101.", {"fda_complete_response"}),
    ("The FDA may issue a complete response letter.", set()),
    ("Testbio resubmitted its NDA after it received a complete response letter.", set()),
    ("The FDA has placed a clinical hold on the IND for TB-101.", {"clinical_hold"}),
    ("The FDA has lifted the clinical hold on TB-101.", {"clinical_hold_lifted"}),
    ("The trial could be placed on clinical hold.", set()),
    ("The FDA granted Fast Track designation to TB-101.", {"designation_fast_track"}),
    ("The FDA has granted orphan drug designation for TB-101.", {"designation_orphan"}),
    ("Testbio plans to request breakthrough therapy designation.", set()),
    ("The FDA granted RMAT designation to TB-7.", {"designation_rmat"}),
    ("The board is exploring strategic alternatives, among them a sale.", {"strategic_review"}),
    ("The board concluded its review of strategic alternatives.", set()),
    ("These conditions raise substantial doubt about its ability to continue as a going concern.", {"going_concern"}),
    ("Management's plans alleviate the substantial doubt about a going concern.", set()),
    ("The FDA assigned a PDUFA target action date of June 28, 2025.", {"pdufa_date"}),
    ("The trial met its primary endpoint, topline data show.", {"topline_positive"}),
    ("Topline results: the trial did not meet its primary endpoint.", {"topline_negative"}),
    ("Topline data are expected in the second half of the year.", set()),
    ("The chief financial officer resigned on May 2.", {"executive_departure"}),
]


@pytest.mark.parametrize(("sentence", "kinds"), PHRASES)
def test_sentence_suggests_only_what_has_happened(sentence, kinds):
    assert {s.signal_type for s in phrases.suggestions([sentence])} == kinds


def test_missed_secondary_endpoint_makes_a_readout_mixed():
    found = ["The trial met its primary endpoint in topline data.", "It did not meet the key secondary endpoint."]
    assert phrases.topline(found).signal_type == "topline_mixed"


def test_pdufa_date_is_the_day_that_the_sentence_names():
    (found,) = phrases.suggestions(["The PDUFA date is June 28, 2025."])
    assert found.day == dt.date(2025, 6, 28)


@pytest.mark.django_db
class TestRun:
    def ingest(self, *paths):
        return run(Request(tuple(paths)), lambda step: None)

    def test_target_is_labelled_and_the_designation_queued(self):
        company = CompanyFactory(cik="0009000001", name="Testbio Therapeutics")
        outcome = self.ingest(TARGET_8K)
        assert (outcome.created, outcome.rejected) == (4, 0)
        kinds = dict(Signal.objects.values_list("signal_type", "source_id"))
        assert kinds == {
            "material_agreement": "0009000001-24-000010:0009000001:1.01",
            "other_event": "0009000001-24-000010:0009000001:8.01",
            "takeover_target": "0009000001-24-000010:0009000001:takeover_target",
        }
        label = Signal.objects.get(signal_type="takeover_target")
        assert label.company == company
        assert label.signal_data["price_per_share_usd"] == str(Decimal("14.50"))
        assert label.signal_data["contingent_payment"] is True
        item = ReviewItem.objects.get()
        assert item.proposed["signal_type"] == "designation_breakthrough"
        assert item.evidence == "TB-101 was granted Breakthrough Therapy Designation by the FDA."

    def test_second_run_creates_nothing(self):
        CompanyFactory(cik="0009000001")
        self.ingest(TARGET_8K)
        again = self.ingest(TARGET_8K)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 4)

    def test_stranger_is_skipped(self):
        assert self.ingest(TARGET_8K).skipped == 1

    def test_nothing_readable_is_an_error(self, tmp_path):
        (tmp_path / "a.txt").write_text("<html>Rate limited</html>")
        with pytest.raises(IngestError, match=r"nothing could be read: a\.txt: is a web page"):
            self.ingest(tmp_path)
