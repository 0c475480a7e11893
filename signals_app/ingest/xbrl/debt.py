"""Four kinds of debt that do not overlap, from tags that do.

long_term_debt (due after a year, not convertible), short_term_debt (borrowings and current maturities),
convertible_debt (both maturities) and royalty_liability (sold future royalties). Within each part the first tag
reported counts. Two tags of equal amount in one filing name the same debt: the later in the order of PARTS is left out.
A total (`LongTermDebt`) counts only where no non-current part is reported, less what the current parts hold of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

CONVERTIBLE, SHORT, LONG, ROYALTY = "convertible_debt", "short_term_debt", "long_term_debt", "royalty_liability"


@dataclass(frozen=True)
class Part:
    """One line of the balance sheet that belongs to a kind of debt; the first of its tags that is reported counts."""

    kind: str
    tags: tuple[str, ...]


PARTS: tuple[Part, ...] = (
    Part(
        CONVERTIBLE,
        (
            "ConvertibleDebtNoncurrent",
            "ConvertibleLongTermNotesPayable",
            "ConvertibleSubordinatedDebtNoncurrent",
        ),
    ),
    Part(
        CONVERTIBLE,
        (
            "ConvertibleDebtCurrent",
            "ConvertibleNotesPayableCurrent",
            "ConvertibleSubordinatedDebtCurrent",
        ),
    ),
    Part(
        LONG,
        (
            "LongTermDebtNoncurrent",
            "LongTermDebtAndCapitalLeaseObligations",
            "LongTermNotesPayable",
            "LongTermLoansPayable",
            "SecuredLongTermDebt",
            "SeniorLongTermNotes",
            "UnsecuredLongTermDebt",
            "LongTermLineOfCredit",
            "OtherLongTermDebtNoncurrent",
            "LongTermNotesAndLoans",
            "NoncurrentPortionOfNoncurrentBorrowings",
            "LongtermBorrowings",
        ),
    ),
)
# The whole of current debt; where it is missing, its parts are summed.
CURRENT_TOTAL = ("DebtCurrent", "CurrentBorrowingsAndCurrentPortionOfNoncurrentBorrowings")
CURRENT_PARTS: tuple[tuple[str, ...], ...] = (
    (
        "LongTermDebtCurrent",
        "LongTermDebtAndCapitalLeaseObligationsCurrent",
        "SecuredDebtCurrent",
        "SeniorNotesCurrent",
        "CurrentPortionOfLongtermBorrowings",
    ),
    ("ShortTermBorrowings", "OtherShortTermBorrowings", "ShortTermBankLoansAndNotesPayable", "ShorttermBorrowings"),
    ("NotesPayableCurrent", "LoansPayableCurrent", "NotesAndLoansPayableCurrent", "LinesOfCreditCurrent"),
)
CONVERTIBLE_TOTAL = ("ConvertibleDebt", "ConvertibleNotesPayable", "ConvertibleSubordinatedDebt")
LONG_TOTAL = (
    "LongTermDebt",
    "NotesPayable",
    "LoansPayable",
    "SecuredDebt",
    "SeniorNotes",
    "NotesAndLoansPayable",
    "DebtLongtermAndShorttermCombinedAmount",
    "Borrowings",
)
# No taxonomy has the item; companies extend theirs by names of this kind.
SOLD_ROYALTIES = re.compile(
    r"(?:Liabilit(?:y|ies)Related(?:To)?(?:The)?(?:Sale|Sales)?Of(?:The)?Future(?:Royalt|Revenue)\w*"
    r"|Liabilit(?:y|ies)RelatedToFutureRoyalties\w*|DeferredRoyaltyObligation\w*"
    r"|Royalty(?:Financing)?(?:Obligation|Liabilit(?:y|ies))\w*"
    r"|RevenueInterest(?:Financing|Purchase)?(?:Agreement)?(?:Liabilit(?:y|ies)|Obligation)\w*)"
)
# Companies extend the taxonomy for their convertible notes too; these names leave no doubt.
OWN_CONVERTIBLE = re.compile(
    r"(?:Other)?Convertible(?:Senior|Subordinated)?(?:Debt|Notes)(?:Payable)?(?:Net)?(?:Current|Non[Cc]urrent)"
)
CURRENT_ROYALTY = re.compile(r"Current$")
NONCURRENT = re.compile(r"(?:Noncurrent|NonCurrent|NetOfCurrentPortion\w*|LongTerm)$")

STANDARD: frozenset[str] = frozenset(
    tag for group in (*(part.tags for part in PARTS), CURRENT_TOTAL, *CURRENT_PARTS, CONVERTIBLE_TOTAL, LONG_TOTAL)
    for tag in group
)  # fmt: skip


def is_debt(tag: str) -> bool:
    """Return whether a tag says something about debt."""
    return tag in STANDARD or is_own_name(tag)


def is_own_name(tag: str) -> bool:
    """Return whether a company's own tag names a debt beyond doubt."""
    return SOLD_ROYALTIES.fullmatch(tag) is not None or OWN_CONVERTIBLE.fullmatch(tag) is not None


def kinds(reported: Mapping[str, Decimal]) -> dict[str, tuple[Decimal, tuple[str, ...]]]:
    """Return by kind the amount and the tags behind it, from the debt tags of one filing, day and currency."""
    sheet = _Sheet(reported)
    for part in PARTS:
        sheet.take(part.kind, part.tags)
    for part in PARTS[:2]:
        _own_convertibles(sheet, part)
    if not sheet.has(CONVERTIBLE):
        sheet.take(CONVERTIBLE, CONVERTIBLE_TOTAL)
    if not sheet.take_rest(SHORT, CURRENT_TOTAL, of=PARTS[1].tags):
        for tags in CURRENT_PARTS:
            sheet.take(SHORT, tags)
    if not sheet.has(LONG):
        sheet.take_rest(LONG, LONG_TOTAL, of=(*PARTS[0].tags, *PARTS[1].tags, *CONVERTIBLE_TOTAL, *CURRENT_PARTS[0]))
    _royalties(sheet)
    return sheet.found


class _Sheet:
    """The debts of one balance sheet, and which of its amounts are counted already."""

    def __init__(self, reported: Mapping[str, Decimal]) -> None:
        self.reported = reported
        self.found: dict[str, tuple[Decimal, tuple[str, ...]]] = {}
        self.counted: dict[str, Decimal] = {}

    def has(self, kind: str) -> bool:
        """Return whether the kind has an amount."""
        return kind in self.found

    def take(self, kind: str, tags: tuple[str, ...]) -> bool:
        """Count the first of the tags that is reported, unless its amount was counted under another name."""
        tag = next((tag for tag in tags if tag in self.reported), None)
        if tag is None or (self.reported[tag] and self.reported[tag] in self.counted.values()):
            return False
        self.add(kind, self.reported[tag], tag)
        return True

    def take_rest(self, kind: str, totals: tuple[str, ...], *, of: tuple[str, ...]) -> bool:
        """Count the first total that is reported less its parts that are counted; True where there is one."""
        tag = next((tag for tag in totals if tag in self.reported), None)
        if tag is None:
            return False
        total = self.reported[tag]
        rest = total - sum((amount for name, amount in self.counted.items() if name in of), Decimal(0))
        if rest > 0 or (total == 0 and not self.counted):
            self.add(kind, rest, tag)
        return True

    def add(self, kind: str, amount: Decimal, tag: str) -> None:
        """Add an amount to a kind."""
        before, tags = self.found.get(kind, (Decimal(0), ()))
        self.found[kind] = before + amount, (*tags, tag)
        self.counted[tag] = amount


def _own_convertibles(sheet: _Sheet, part: Part) -> None:
    """Count a company's own tag for a maturity of its convertibles that no standard tag reports."""
    is_later = part is PARTS[0]
    own = sorted(
        tag
        for tag in sheet.reported
        if tag not in STANDARD and OWN_CONVERTIBLE.fullmatch(tag) and bool(NONCURRENT.search(tag)) == is_later
    )
    if not any(tag in sheet.reported for tag in part.tags):
        sheet.take(CONVERTIBLE, tuple(own))


def _royalties(sheet: _Sheet) -> None:
    """Count sold royalties: current and non-current together, else the total."""
    tags = sorted(tag for tag in sheet.reported if SOLD_ROYALTIES.fullmatch(tag))
    later = next((tag for tag in tags if NONCURRENT.search(tag)), None)
    soon = next((tag for tag in tags if CURRENT_ROYALTY.search(tag) and not NONCURRENT.search(tag)), None)
    whole = next((tag for tag in tags if tag not in (later, soon)), None)
    for tag in (later, soon) if later else (whole or soon,):
        if tag:
            sheet.add(ROYALTY, sheet.reported[tag], tag)
