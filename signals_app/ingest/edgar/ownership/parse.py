"""Forms 3, 4 and 5: pure, bytes in, frozen dataclasses out.

Source: the XML `ownershipDocument` (schemas X0201 to X0508) of a filing; transaction codes as in the General
Instructions to Forms 4 and 5, item 8. Amounts are shares and dollars a share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.forms import OWNERSHIP, Form, form_of
from signals_app.ingest.edgar.identifiers import cik_of
from signals_app.ingest.edgar.safe_xml import Node, XmlFault, parse_xml
from signals_app.ingest.whole_files import day_of, text_of

TRUE = frozenset({"1", "true", "y", "yes"})
FALSE = frozenset({"0", "false", "n", "no"})
LONGEST_TITLE = 255
LONGEST_NOTE = 20_000
MOST_SHARES = Decimal(10) ** 15
PLAN = re.compile(r"\b10b5-1\b", re.IGNORECASE)
NO_PLAN = re.compile(r"\b(?:not|no|neither|without|outside)\b[^.]{0,80}\b10b5-1\b", re.IGNORECASE)
WEB_PAGE = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True)
class Owner:
    """One reporting owner and the relationship to the issuer."""

    cik: str
    name: str
    is_director: bool
    is_officer: bool
    is_ten_percent_owner: bool
    title: str

    @property
    def is_insider(self) -> bool:
        """Whether the owner manages or oversees the company, and does not merely hold a tenth of it."""
        return self.is_director or self.is_officer


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of Table I or, with `is_derivative`, of Table II. `notes` are the footnotes to the line."""

    is_derivative: bool
    security: str
    day: date
    code: str
    shares: Decimal | None
    price_usd: Decimal | None
    is_acquired: bool
    shares_after: Decimal | None
    is_direct: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ownership:
    """One form: the issuer, the owners who file it together, the transactions, and how many holdings it lists."""

    form: Form
    issuer_cik: str
    issuer_name: str
    period: date
    signed: date | None
    original_filed: date | None
    is_by_plan: bool | None
    owners: tuple[Owner, ...]
    transactions: tuple[Transaction, ...]
    holdings: int
    remarks: str


def parse(data: bytes, file: str, today: date) -> Ownership:
    """Return what a form says. Raises ParseError for other XML, a web page, entities, and a line that cannot be."""
    if data.lstrip()[:20].lower().startswith(WEB_PAGE):
        raise ParseError(file, None, "is a web page, not the XML of the form")
    try:
        root = parse_xml(data)
    except XmlFault as error:
        raise ParseError(file, error.line, str(error)) from error
    document = root if root.name == "ownershipDocument" else next(iter(root.descendants("ownershipDocument")), None)
    if document is None:
        raise ParseError(file, None, f"is no ownershipDocument but {root.name[:60]}")
    try:
        return _ownership(document, today)
    except ValueError as error:
        raise ParseError(file, None, str(error)) from error


def _ownership(document: Node, today: date) -> Ownership:
    form = form_of(document.value("documentType"))
    if form.base not in OWNERSHIP:
        raise ValueError(f"document type {document.value('documentType')[:20]!r} is none of 3, 4, 5")
    period = day_of(document.value("periodOfReport")[:10])
    if period is None:
        raise ValueError("periodOfReport is empty")
    if period > today:
        raise ValueError(f"periodOfReport {period} is in the future")
    owners = tuple(_owner(node) for node in document.all("reportingOwner"))
    if not owners:
        raise ValueError("names no reporting owner")
    notes = {
        note.attributes.get("id", ""): text_of(_all_text(note), LONGEST_NOTE)
        for note in document.descendants("footnote")
    }
    transactions = tuple(_transactions(document, notes, today))
    remarks = text_of(document.value("remarks"), LONGEST_NOTE)
    signed = [day_of(node.value("signatureDate")[:10]) for node in document.all("ownerSignature")]
    return Ownership(
        form=form,
        issuer_cik=cik_of(document.value("issuer", "issuerCik")),
        issuer_name=text_of(document.value("issuer", "issuerName"), LONGEST_TITLE),
        period=period,
        signed=max((day for day in signed if day is not None), default=None),
        original_filed=day_of(document.value("dateOfOriginalSubmission")[:10]),
        is_by_plan=_is_by_plan(document.value("aff10b5One"), transactions, remarks),
        owners=owners,
        transactions=transactions,
        holdings=len(document.descendants("nonDerivativeHolding")) + len(document.descendants("derivativeHolding")),
        remarks=remarks,
    )


def _owner(node: Node) -> Owner:
    relation = node.find("reportingOwnerRelationship") or Node("")
    return Owner(
        cik=cik_of(node.value("reportingOwnerId", "rptOwnerCik")),
        name=text_of(node.value("reportingOwnerId", "rptOwnerName"), LONGEST_TITLE),
        is_director=bool(_flag(relation.value("isDirector"))),
        is_officer=bool(_flag(relation.value("isOfficer"))),
        is_ten_percent_owner=bool(_flag(relation.value("isTenPercentOwner"))),
        title=text_of(relation.value("officerTitle"), LONGEST_TITLE),
    )


def _transactions(document: Node, notes: dict[str, str], today: date) -> Iterable[Transaction]:
    for name in ("nonDerivativeTransaction", "derivativeTransaction"):
        for number, node in enumerate(document.descendants(name), start=1):
            try:
                yield _transaction(node, notes, today, is_derivative=name == "derivativeTransaction")
            except ValueError as error:
                raise ValueError(f"{name} {number}: {error}") from error


def _transaction(node: Node, notes: dict[str, str], today: date, *, is_derivative: bool) -> Transaction:
    day = day_of(node.value("transactionDate", "value")[:10])
    if day is None:
        raise ValueError("transactionDate is empty")
    if day > today:
        raise ValueError(f"transactionDate {day} is in the future")
    code = node.value("transactionCoding", "transactionCode").upper()
    direction = node.value("transactionAmounts", "transactionAcquiredDisposedCode", "value").upper()
    if direction not in {"A", "D"}:
        raise ValueError(f"acquired or disposed: {direction[:10]!r}")
    used = dict.fromkeys(ref.attributes.get("id", "") for ref in node.descendants("footnoteId"))
    return Transaction(
        is_derivative=is_derivative,
        security=text_of(node.value("securityTitle", "value"), LONGEST_TITLE),
        day=day,
        code=text_of(code, 2),
        shares=_number(node, "transactionAmounts", "transactionShares"),
        price_usd=_number(node, "transactionAmounts", "transactionPricePerShare"),
        is_acquired=direction == "A",
        shares_after=_number(node, "postTransactionAmounts", "sharesOwnedFollowingTransaction"),
        is_direct=node.value("ownershipNature", "directOrIndirectOwnership", "value").upper() != "I",
        notes=tuple(notes[key] for key in used if notes.get(key)),
    )


def _number(node: Node, *path: str) -> Decimal | None:
    text = node.value(*path, "value").replace(",", "").removeprefix("$")
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{path[-1]} {text[:40]!r} is no number") from error
    if not number.is_finite() or not 0 <= number <= MOST_SHARES:
        raise ValueError(f"{path[-1]} {text[:40]} cannot be")
    return number


def _flag(text: str) -> bool | None:
    lowered = text.lower()
    return True if lowered in TRUE else False if lowered in FALSE else None


def _is_by_plan(box: str, transactions: Iterable[Transaction], remarks: str) -> bool | None:
    """Return what the box says; forms of before April 2023 have none, and say in words that a plan stands behind."""
    checked = _flag(box)
    if checked is not None:
        return checked
    said = [note for line in transactions for note in line.notes]
    return True if any(PLAN.search(note) and not NO_PLAN.search(note) for note in (*said, remarks)) else None


def _all_text(node: Node) -> str:
    return " ".join([node.text, *(_all_text(child) for child in node.children)])
