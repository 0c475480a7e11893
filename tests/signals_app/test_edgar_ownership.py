"""Forms 3, 4 and 5: lines, flags, amendments, and when purchases make a cluster."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal

import pytest

from signals_app.ingest.base import ParseError, Request
from signals_app.ingest.edgar.ownership.amend import amended
from signals_app.ingest.edgar.ownership.parse import parse
from signals_app.ingest.edgar.ownership.purchases import Purchase, clusters, counted_purchases
from signals_app.ingest.edgar.ownership.run import run
from signals_app.models import Signal
from tests.factories import CompanyFactory

TODAY = dt.date(2026, 1, 5)
ISSUER = "0009000001"


def owner(cik=1, director=1, officer=0, ten=0, title=""):
    return f"""<reportingOwner><reportingOwnerId><rptOwnerCik>{cik}</rptOwnerCik>
<rptOwnerName>Owner {cik}</rptOwnerName></reportingOwnerId>
<reportingOwnerRelationship><isDirector>{director}</isDirector><isOfficer>{officer}</isOfficer>
<isTenPercentOwner>{ten}</isTenPercentOwner><officerTitle>{title}</officerTitle></reportingOwnerRelationship>
</reportingOwner>"""


def line(code="P", day="2024-05-01", shares="1000", price="2.50", direction="A", note="", table="nonDerivative"):
    ref = f'<footnoteId id="{note}"/>' if note else ""
    return f"""<{table}Transaction><securityTitle><value>Common Stock</value></securityTitle>
<transactionDate><value>{day}</value></transactionDate><transactionCoding><transactionCode>{code}</transactionCode>{ref}
</transactionCoding><transactionAmounts><transactionShares><value>{shares}</value></transactionShares>
<transactionPricePerShare><value>{price}</value></transactionPricePerShare>
<transactionAcquiredDisposedCode><value>{direction}</value></transactionAcquiredDisposedCode></transactionAmounts>
<postTransactionAmounts><sharesOwnedFollowingTransaction><value>5000</value></sharesOwnedFollowingTransaction>
</postTransactionAmounts><ownershipNature><directOrIndirectOwnership><value>D</value></directOrIndirectOwnership>
</ownershipNature></{table}Transaction>"""


def form(*lines, owners=None, kind="4", notes="", extra="", signed="2024-05-02", period="2024-05-01"):
    return f"""<?xml version="1.0"?><ownershipDocument><documentType>{kind}</documentType>
<periodOfReport>{period}</periodOfReport>{extra}<issuer><issuerCik>{ISSUER}</issuerCik><issuerName>Testbio</issuerName>
</issuer>{"".join(owners or [owner()])}<nonDerivativeTable>{"".join(lines)}</nonDerivativeTable>
<footnotes>{notes}</footnotes><ownerSignature><signatureDate>{signed}</signatureDate></ownerSignature>
</ownershipDocument>""".encode()


def full(accession, accepted, body, kind="4"):
    return (
        f"<SEC-HEADER>\n<ACCEPTANCE-DATETIME>{accepted}\nACCESSION NUMBER:\t\t{accession}\n"
        f"CONFORMED SUBMISSION TYPE:\t{kind}\nFILED AS OF DATE:\t\t{accepted[:8]}\n</SEC-HEADER>\n<DOCUMENT>\n"
        f"<TYPE>{kind}\n<TEXT>\n<XML>\n{body.decode()}\n</XML>\n</TEXT>\n</DOCUMENT>\n"
    )


def test_form_is_read_with_flags_and_footnotes():
    extra = "<aff10b5One>true</aff10b5One>"
    notes = '<footnote id="F1">Average price.</footnote>'
    found = parse(form(line(note="F1"), owners=[owner(7, 0, 1, 1, "CEO")], notes=notes, extra=extra), "f", TODAY)
    (sold,) = found.transactions
    assert (found.form.base, found.form.is_amendment, found.is_by_plan) == ("4", False, True)
    assert (found.owners[0].is_officer, found.owners[0].is_ten_percent_owner, found.owners[0].title) == (
        True,
        True,
        "CEO",
    )
    assert (sold.code, sold.shares, sold.price_usd, sold.notes) == (
        "P",
        Decimal(1000),
        Decimal("2.50"),
        ("Average price.",),
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><body>Form 4</body></html>", "web page"),
        (b"", "no XML"),
        (form(line())[:400], "cut off"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><ownershipDocument/>', "entities"),
        (b"<edgarSubmission/>", "no ownershipDocument but edgarSubmission"),
        (form(line(day="2027-01-01")), "nonDerivativeTransaction 1: transactionDate 2027-01-01 is in the future"),
        (form(line(shares="-5")), "transactionShares -5 cannot be"),
        (form(line(shares="many")), "no number"),
        (form(line(), kind="144"), "none of 3, 4, 5"),
        (form(line(direction="X")), "acquired or disposed"),
    ],
)
def test_bad_form_is_refused_with_the_reason(data, reason):
    with pytest.raises(ParseError, match=reason):
        parse(data, "f.xml", TODAY)


@pytest.mark.parametrize(
    ("box", "note", "by_plan"),
    [
        ("<aff10b5One>1</aff10b5One>", "", True),
        ("<aff10b5One>0</aff10b5One>", "Sold under a Rule 10b5-1 plan.", False),
        ("", "Sold under a Rule 10b5-1 trading plan adopted on May 1, 2019.", True),
        ("", "The sale was not made under a Rule 10b5-1 plan.", None),
        ("", "", None),
    ],
)
def test_plan_is_told_by_the_box_or_before_there_was_one_in_words(box, note, by_plan):
    data = form(line("S", direction="D", note="F1"), notes=f'<footnote id="F1">{note}</footnote>', extra=box)
    assert parse(data, "f", TODAY).is_by_plan is by_plan


def test_entities_are_refused_before_they_expand():
    bomb = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><ownershipDocument>&b;</ownershipDocument>'
    with pytest.raises(ParseError, match="declares"):
        parse(bomb, "f.xml", TODAY)


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        (form(line()), 1),
        (form(line(code="S", direction="D")), 0),
        (form(line(table="derivative")), 0),
        (form(line(), owners=[owner(1, 0, 0, 1)]), 0),
        (form(line(), owners=[owner(1, 0, 0, 1), owner(2, 1)]), 1),
        (form(line(), kind="5"), 0),
        (form(line(note="F1"), notes='<footnote id="F1">Bought in the underwritten public offering.</footnote>'), 0),
        (form(line(), notes='<footnote id="F1">Bought in a private placement.</footnote>'), 1),
    ],
    ids=[
        "bought",
        "sold",
        "derivative",
        "ten per cent alone",
        "with a director",
        "form 5",
        "offering",
        "other line's note",
    ],
)
def test_only_insiders_own_market_purchases_count(data, counted):
    assert len(counted_purchases(parse(data, "f", TODAY))) == counted


def bought(number, day, owners, known=None):
    moment = dt.datetime.combine(known or day, dt.time(21), tzinfo=dt.UTC)
    return Purchase(f"a{number}", frozenset(owners), (day,), moment)


MAY = [dt.date(2024, 5, n) for n in range(1, 32)]


@pytest.mark.parametrize(
    ("purchases", "found"),
    [
        ([bought(1, MAY[0], "x"), bought(2, MAY[1], "y")], []),
        ([bought(1, MAY[0], "x"), bought(2, MAY[1], "y"), bought(3, MAY[30], "z")], ["a3"]),
        ([bought(1, MAY[0], "x"), bought(2, MAY[1], "y"), bought(3, dt.date(2024, 6, 1), "z")], []),
        ([bought(1, MAY[0], "x"), bought(2, MAY[1], "x"), bought(3, MAY[2], "y")], []),
        ([bought(1, MAY[0], "xf"), bought(2, MAY[1], "yf"), bought(3, MAY[2], "z")], []),
        ([bought(1, MAY[0], "x"), bought(2, MAY[1], "y"), bought(3, MAY[2], "z"), bought(4, MAY[2], "w")], ["a3"]),
        ([bought(1, MAY[0], "x", MAY[20]), bought(2, MAY[1], "y"), bought(3, MAY[2], "z")], ["a1"]),
    ],
    ids=["two", "30 days", "31 days", "one twice", "joint", "a fourth", "the last to be known"],
)
def test_cluster_takes_three_insiders_within_thirty_days(purchases, found):
    assert [cluster.accession for cluster in clusters(purchases)] == found


def as_kept(shares, price="2", **more):
    return {"derivative": False, "security": "Common", "date": "2024-05-01", "code": "P", "acquired": True,
            "shares": shares, "price_usd": price, "shares_after": None, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("original", "amendment", "shares"),
    [
        (["100"], ["110"], ["110"]),
        (["100", "200"], ["100"], ["100", "200"]),
        (["100"], [], ["100"]),
    ],
    ids=["corrected", "one of two repeated", "only a footnote"],
)
def test_amendment_keeps_the_lines_that_it_does_not_repeat(original, amendment, shares):
    kept = amended([as_kept(n, n) for n in original], [as_kept(n, n) for n in amendment])
    assert [each["shares"] for each in kept] == shares


@pytest.mark.django_db
class TestRun:
    def ingest(self, path):
        return run(Request((path,)), lambda step: None)

    def test_acceptance_of_the_full_submission_counts(self, tmp_path):
        CompanyFactory(cik=ISSUER)
        (tmp_path / "a.txt").write_text(full("0009000009-24-000001", "20240503180000", form(line())))
        assert self.ingest(tmp_path).created == 1
        signal = Signal.objects.get()
        assert signal.source_id == "0009000009-24-000001:0009000001:insider_transaction"
        assert signal.available_at == dt.datetime(2024, 5, 3, 22, tzinfo=dt.UTC)
        assert signal.title == "Form 4: Owner 1 (director) bought 1,000 for $2,500"

    def test_three_insiders_make_a_cluster_known_with_the_third_filing_once(self, tmp_path):
        CompanyFactory(cik=ISSUER)
        for number in (1, 2, 3):
            body = form(line(day=f"2024-05-0{number}"), owners=[owner(number)])
            name = f"0009000009-24-00000{number}"
            (tmp_path / f"{name}.txt").write_text(full(name, f"2024050{number + 3}180000", body))
        first, second = self.ingest(tmp_path), self.ingest(tmp_path)
        cluster = Signal.objects.get(signal_type="insider_buying_cluster")
        assert (first.created, second.created, second.updated) == (4, 0, 0)
        assert cluster.available_at == dt.datetime(2024, 5, 6, 22, tzinfo=dt.UTC)
        assert (cluster.severity, cluster.signal_data["insiders"]) == ("high", 3)

    def test_amendment_supersedes_from_its_own_acceptance_on(self, tmp_path):
        CompanyFactory(cik=ISSUER)
        extra = "<dateOfOriginalSubmission>2024-05-03</dateOfOriginalSubmission>"
        (tmp_path / "b.txt").write_text(full("0009000009-24-000001", "20240503180000", form(line(shares="900"))))
        (tmp_path / "a.txt").write_text(
            full("0009000009-24-000002", "20240510180000", form(line(shares="950"), kind="4/A", extra=extra), "4/A")
        )
        self.ingest(tmp_path)
        before = Signal.objects.as_of(dt.datetime(2024, 5, 9, tzinfo=dt.UTC)).get()
        after = Signal.objects.current().get()
        assert before.signal_data["transactions"][0]["shares"] == "900"
        assert after.supersedes == before
        assert [each["shares"] for each in after.signal_data["transactions"]] == ["950"]
        assert self.ingest(tmp_path).created == 0

    def test_joint_filers_are_one_signal(self, tmp_path):
        CompanyFactory(cik=ISSUER)
        (tmp_path / "a.xml").write_bytes(form(line(), owners=[owner(1), owner(2), owner(3)]))
        self.ingest(tmp_path)
        assert Signal.objects.get().signal_data["owner_ciks"] == ["0000000001", "0000000002", "0000000003"]


@pytest.mark.django_db
def test_real_forms_give_the_lines_that_a_text_search_counts(shared_data):
    folder = shared_data / "edgar" / "form4"
    issuers = set(re.findall(r"<issuerCik>(\d+)<", "".join(p.read_text() for p in folder.glob("*.xml"))))
    for cik in issuers:
        CompanyFactory(cik=cik)
    outcome = run(Request((folder,)), lambda step: None)
    assert (outcome.read, outcome.created, outcome.rejected) == (5, 4, 1)
    assert outcome.rejects[0].reason == "is a web page"
    lines = {
        row.title.split(":")[0] + row.signal_data["owners"][0]["name"]: len(row.signal_data["transactions"])
        for row in Signal.objects.all()
    }
    # grep -c '<nonDerivativeTransaction>\|<derivativeTransaction>' of each file
    assert lines == json.loads(
        '{"Form 4Scarpelli Michael": 7, "Form 4Melkote Rajesh Ramaswamy": 2, "Form 5McMahon John Dennis": 1,'
        ' "Form 3GARRETT MARK": 0}'
    )
