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
from signals_app.ingest.edgar.documents.suggest import suggested
from signals_app.ingest.edgar.forms import Part
from signals_app.ingest.edgar.header_items import items_in_words
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory

TODAY = dt.date(2026, 1, 5)
TARGET_8K = Path(__file__).parent.parent / "data" / "edgar" / "target_8k.txt"


def parsed(data: bytes):
    return full_text.parse(io.BytesIO(data), "x.txt", is_read, today=TODAY)


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


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"FILED AS OF DATE:\t\t20240304", b"FILED AS OF DATE:\t\t20260106"), (b"TIME>20240304", b"TIME>20260106")],
)
def test_filing_of_a_day_to_come_is_refused(old, new):
    data = TARGET_8K.read_bytes().replace(old, new)
    with pytest.raises(ParseError, match="which is in the future"):
        parsed(data)
    assert full_text.parse(io.BytesIO(data), "x", is_read, today=TODAY + dt.timedelta(days=1)).form == "8-K"


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
        (b"", "no full submission: it is empty"),
        (b"<html><body>Access denied</body></html>", "no full submission: it is a web page"),
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
    (
        "acquirer's copy that gives only the target a name of its own",
        ['Testbio, Inc., a Delaware corporation, entered into an Agreement and Plan of Merger with Other Corp. (the '
         '"Company") and Merger Sub, a wholly owned subsidiary of Testbio, Inc.',
         "Merger Sub will be merged with and into the Company, with the Company surviving as a wholly owned subsidiary "
         "of Testbio, Inc.", "Each share becomes $3.25 in cash."],
        True, "takeover_acquirer", False,
    ),
    (
        "text that does not name the registrant",
        ["We entered into an Agreement and Plan of Merger with Other Corp. and Merger Sub.",
         "Merger Sub will merge with and into the Company, with the Company surviving as a wholly owned subsidiary of "
         "Parent.", "Holders receive $3.25 per share in cash."],
        True, "takeover_target", False,
    ),
    (
        "reverse merger that tells only who will own how much",
        ['Testbio, Inc. ("Testbio") entered into an Agreement and Plan of Merger with Other Corp. ("Other").',
         "Merger Sub, a wholly owned subsidiary of Testbio, will merge with and into Other, with Other continuing as a "
         "wholly owned subsidiary of Testbio.",
         "Pre-merger Testbio stockholders are expected to own approximately 21.3% and pre-merger Other stockholders "
         "are expected to own approximately 78.7% of the shares."],
        True, "reverse_merger", False,
    ),
    (
        "scheme of arrangement",
        ['Testbio, Inc., a company incorporated in England and Wales ("Testbio"), entered into a Transaction Agreement '
         'with Other Corp.', "Bidco will acquire the entire share capital of Testbio by a scheme of arrangement.",
         "Holders of ADSs receive $20.00 in cash per ADS."],
        True, "takeover_target", True,
    ),
    (
        "purchase of another by its shares",
        ['Testbio, Inc. (the "Company") entered into a Share Purchase Agreement with Foo GmbH ("Foo").',
         "The Company agreed to acquire all of the outstanding shares of Foo for $30 million in cash."],
        True, "takeover_acquirer", False,
    ),
    (
        "own shares sold to an investor",
        ['Testbio, Inc. (the "Company") entered into a Share Purchase Agreement with Lincoln Park, which agreed to '
         "purchase from the Company up to $30 million of common stock."],
        False, None, None,
    ),
    (
        "covenant of a loan",
        ['Testbio, Inc. (the "Company") entered into a Loan Agreement.',
         "It restricts the Company from entering into any merger agreement."],
        False, None, None,
    ),
    ("loan", ["The Company entered into a loan agreement with a bank."], False, None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentences", "attached", "kind", "sure"), [m[1:] for m in MERGERS], ids=[m[0] for m in MERGERS]
)
def test_agreement_says_whose_merger_it_is(sentences, attached, kind, sure):
    reading = merger.read(sentences, "Testbio, Inc.", has_merger_exhibit=attached)
    assert (reading.signal_type if reading else None) == kind
    assert (not reading.doubt if reading else None) == sure


def test_registrant_with_its_name_reversed_is_the_buyer():
    found = [
        'Eli Lilly and Company ("Lilly") entered into an Agreement and Plan of Merger with Prevail (the "Company").',
        "Purchaser will be merged with and into the Company, with the Company surviving as a subsidiary of Lilly.",
        "Holders receive $22.50 per share in cash.",
    ]  # fmt: skip
    assert merger.read(found, "LILLY ELI & CO", has_merger_exhibit=True).signal_type == "takeover_acquirer"


@pytest.mark.parametrize(
    ("sentence", "price"),
    [
        ("Each share of common stock, par value $0.0001 per share, becomes the right to $200.00 in cash.", "200.00"),
        ("Each Share becomes the right to receive cash in an amount equal to $7.15, without interest.", "7.15"),
        ("It offers for all shares $12.50 per Share, net to the holder in cash, plus a right to up to $3.00 in cash.",
         "12.50"),
        ("Each share is exchanged for 0.4 shares of Parent, par value $1.00 per share.", None),
        ("The shareholders receive $30 million in cash for their shares.", None),
    ],
)  # fmt: skip
def test_price_is_what_a_share_brings_and_no_par_value(sentence, price):
    found = [INTRO, "Merger Sub will merge with and into the Company.", sentence]
    reading = merger.read(found, "Testbio, Inc.", has_merger_exhibit=True)
    assert reading.price_usd == (Decimal(price) if price else None)


PHRASES = [
    ("On May 3, 2024, the Company received a Complete Response Letter from the FDA.", {"fda_complete_response"}),
    ("The FDA issued a CRL requesting an additional trial.", {"fda_complete_response"}),
    (
        "The FDA granted orphan drug designation in May 2024 to TB-1, a potential drug.",
        {"designation_orphan"},
    ),
    (
        "TB-1 was granted Fast Track, Orphan Drug and Breakthrough Therapy designations.",
        {"designation_fast_track", "designation_orphan", "designation_breakthrough"},
    ),
    ("The trial may proceed, and the clinical hold has been lifted.", {"clinical_hold_lifted"}),
    ("Testbio hopes that the clinical hold will be lifted in the fourth quarter.", set()),
    ("There can be no assurance that exploring strategic alternatives will result in a transaction.", set()),
    ("Without capital there could be substantial doubt about our ability to continue as a going concern.", set()),
    ("Jane Doe, the Chief Financial Officer, will be leaving the Company on June 1, 2024.", {"executive_departure"}),
    ("The Company terminated the employment of its Chief Executive Officer.", {"executive_departure"}),
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


@pytest.mark.parametrize(
    ("sentence", "days"),
    [
        ("The PDUFA date is June 28, 2025.", ["2025-06-28"]),
        ("The PDUFA date is Aug. 22, 2025.", ["2025-08-22"]),
        ("The PDUFA date is 22 August 2025.", ["2025-08-22"]),
        ("The PDUFA date was extended from August 22, 2025 to November 22, 2025.", ["2025-11-22"]),
        (
            "TB-1 has a PDUFA date of September 26, 2025, and TB-2 a PDUFA date of December 1, 2025.",
            ["2025-09-26", "2025-12-01"],
        ),
    ],
)
def test_pdufa_dates_are_the_days_that_the_sentence_names(sentence, days):
    assert [str(found.day) for found in phrases.suggestions([sentence])] == days


def test_short_month_ends_no_sentence():
    assert list(text.sentences(["The date is Dec. 1, 2025. It holds."])) == ["The date is Dec. 1, 2025.", "It holds."]


def test_head_that_is_left_open_hides_no_text():
    assert text.paragraphs(b"<html><head><title></title><body><p>Item 1.01&nbsp;Entry</p></body></html>") == [
        "Item 1.01 Entry"
    ]


def test_end_of_a_report_of_many_megabytes_is_read():
    rows = b"<tr><td>Cash</td><td><ix:nonFraction>1</ix:nonFraction></td></tr>\n" * 100_000
    doubt = b"<p>Losses raise substantial doubt about its ability to continue as a going&#160;concern.</p>"
    body = b"<html><body><ix:header>hidden</ix:header><table>" + rows + b"</table>" + doubt + b"</body></html>"
    packed = b"begin 644 a.jpg\n" + b"M" + b"x" * 60 + b"\n" + b"`\nend\n"
    documents = [(b"10-K", body), (b"GRAPHIC", packed)]
    data = TARGET_8K.read_bytes().split(b"<DOCUMENT>")[0].replace(b"TYPE:\t8-K", b"TYPE:\t10-K") + b"".join(
        b"<DOCUMENT>\n<TYPE>%s\n<TEXT>\n%s\n</TEXT>\n</DOCUMENT>\n" % one for one in documents
    )
    whole = parsed(data)
    (found,) = suggested(whole, whole.parties[0], whole.filing_of(whole.parties[0]), "target")
    assert found[0].signal_type == "going_concern"


@pytest.mark.parametrize(("role", "sure"), [("target", True), ("acquirer", False)])
def test_takeover_of_a_company_that_is_no_target_is_for_an_analyst(role, sure):
    whole = parsed(TARGET_8K.read_bytes())
    found, *_ = suggested(whole, whole.parties[0], whole.filing_of(whole.parties[0]), role)
    assert (found[0].signal_type, not found[0].doubt) == ("takeover_target", sure)


def test_target_that_answers_an_offer_is_one_party():
    head, rest = TARGET_8K.read_bytes().split(b"FILER:\n", 1)
    party, documents = rest.split(b"</SEC-HEADER>", 1)
    data = head + b"SUBJECT COMPANY:\n" + party + b"FILED BY:\n" + party + b"</SEC-HEADER>" + documents
    assert [(party.part, party.cik) for party in parsed(data).parties] == [(Part.SUBJECT, "0009000001")]


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
