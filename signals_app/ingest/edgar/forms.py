"""What a form means: its name without the renames, and the signal type that it or an 8-K item stands for. Pure.

Source: EDGAR form types; Form 8-K, General Instructions and Items 1.01-9.01 (the numbers of before 23 August 2004 are
single digits); SCORING's catalogue says which of them stands for what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

EIGHT_K = frozenset({"8-K", "8-K12B", "8-K12G3", "8-K15D5"})
# Whose words on going on as a concern are news.
REPORTS = frozenset({"10-K", "10-Q", "10-KT", "20-F"})
# Offers for the company that the filing names as subject. SC 14D1 is what SC TO-T was called before 2000.
OFFERS = frozenset({"SC TO-T", "SC 14D1", "SC 14D9", "SC 13E3"})
# Votes on a merger, filed by the company whose shareholders vote: mostly, not always, the one that is bought.
MERGER_VOTES = frozenset({"DEFM14A", "PREM14A"})
# What only suggests a takeover: consents instead of votes, talk before an offer.
MERGER_HINTS = frozenset({"DEFM14C", "PREM14C", "SC 14D9-C"})
# Shares issued in a merger: who registers them and asks for a vote is the one that pays with them.
MERGER_SHARES = frozenset({"S-4", "F-4"})
DELISTINGS = frozenset({"25", "25-NSE", "15-12B", "15-12G", "15-15D", "15F-12B", "15F-12G", "15F-15D"})
WITHDRAWALS_FROM_EXCHANGE = frozenset({"25", "25-NSE"})
NEW_LISTINGS = frozenset({"8-A12B", "CERT", "CERTNAS", "CERTNYS", "CERTAMX", "CERTARCA", "CERTBATS", "CERTPAC"})
# Accepted in confidence and published weeks or years later, on a day that the lists of filings do not tell.
NOT_PUBLIC_WHEN_FILED = frozenset(
    {"CORRESP", "UPLOAD", "LETTER", "SEC STAFF LETTER", "SEC STAFF ACTION", "DRS", "DRSLTR", "CTRLTR"}
)
OWNERSHIP = frozenset({"3", "4", "5"})

_BY_FORM: dict[str, str] = {
    "S-3": "shelf_registration",
    "S-3ASR": "shelf_registration",
    "F-3": "shelf_registration",
    "F-3ASR": "shelf_registration",
    "424B1": "financing",
    "424B4": "financing",
    "424B5": "financing",
    "SC 13G": "passive_stake",
    **dict.fromkeys(DELISTINGS, "delisting"),
}
_RENAMED = {"SC14D9": "SC 14D9", "SC14D1": "SC 14D1", "SC14D9C": "SC 14D9-C", "SC TO-T-C": "SC TO-C"}

ITEMS: dict[str, str] = {
    "1.01": "Entry into a material definitive agreement",
    "1.02": "Termination of a material definitive agreement",
    "1.03": "Bankruptcy or receivership",
    "1.04": "Mine safety",
    "1.05": "Material cybersecurity incidents",
    "2.01": "Completion of acquisition or disposition of assets",
    "2.02": "Results of operations and financial condition",
    "2.03": "Creation of a direct financial obligation",
    "2.04": "Triggering events that accelerate a financial obligation",
    "2.05": "Costs associated with exit or disposal activities",
    "2.06": "Material impairments",
    "3.01": "Notice of delisting or failure to satisfy a listing rule",
    "3.02": "Unregistered sales of equity securities",
    "3.03": "Material modification to rights of security holders",
    "4.01": "Changes in registrant's certifying accountant",
    "4.02": "Non-reliance on previously issued financial statements",
    "5.01": "Changes in control of registrant",
    "5.02": "Departure or election of directors or certain officers",
    "5.03": "Amendments to articles of incorporation or bylaws",
    "5.04": "Temporary suspension of trading under employee benefit plans",
    "5.05": "Amendments to the code of ethics",
    "5.06": "Change in shell company status",
    "5.07": "Submission of matters to a vote of security holders",
    "5.08": "Shareholder director nominations",
    "6.01": "ABS informational and computational material",
    "7.01": "Regulation FD disclosure",
    "8.01": "Other events",
    "9.01": "Financial statements and exhibits",
    # before 23 August 2004
    "1": "Changes in control of registrant",
    "2": "Acquisition or disposition of assets",
    "3": "Bankruptcy or receivership",
    "4": "Changes in registrant's certifying accountant",
    "5": "Other events",
    "6": "Resignations of registrant's directors",
    "7": "Financial statements and exhibits",
    "8": "Change in fiscal year",
    "9": "Regulation FD disclosure",
    "10": "Amendments to the code of ethics",
    "11": "Temporary suspension of trading under employee benefit plans",
    "12": "Results of operations and financial condition",
}
EXHIBITS_ONLY = frozenset({"9.01", "7"})
_BY_ITEM: dict[str, str] = {
    "1.01": "material_agreement",
    "1.02": "agreement_terminated",
    "2.01": "acquisition_completed",
    "2.05": "restructuring",
    "5.01": "change_of_control",
    "5.02": "officer_change",
    "7.01": "other_event",
    "8.01": "other_event",
    "5": "other_event",
    "9": "other_event",
}
_ITEM = re.compile(r"\d{1,2}(?:\.\d{2})?")


class Part(StrEnum):
    """The part that a company has in a filing."""

    SUBJECT = "subject"
    FILER = "filer"
    FILED_BY = "filed by"
    ISSUER = "issuer"
    OWNER = "reporting owner"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Form:
    """A form type as it is known here, whatever EDGAR calls it that year, and whether it is an amendment."""

    base: str
    is_amendment: bool


def form_of(text: str) -> Form:
    """Return the form of a form type as EDGAR writes it: `SCHEDULE 13D/A` is an amendment of `SC 13D`."""
    name = " ".join(text.upper().split())
    is_amendment = name.endswith("/A")
    base = name.removesuffix("/A").strip()
    if base.startswith("SCHEDULE "):
        base = "SC " + base.removeprefix("SCHEDULE ")
    return Form(_RENAMED.get(base, base), is_amendment)


def items_of(text: str) -> tuple[str, ...]:
    """Return the item numbers of an 8-K's `items`, each once, in order. What is no item number is left out."""
    found = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in found if _ITEM.fullmatch(part)))


def type_of_item(item: str, among: tuple[str, ...]) -> str:
    """Return the signal type of an 8-K item.

    A completed acquisition beside a change of control is the company's own sale, which 5.01 reports.
    """
    if item == "2.01" and {"5.01", "3.01"} & set(among):
        return "sec_filing"
    return _BY_ITEM.get(item, "sec_filing")


def type_of_form(form: Form) -> str:
    """Return the signal type of a form whose meaning does not depend on the company's part in it."""
    return "sec_filing" if form.is_amendment else _BY_FORM.get(form.base, "sec_filing")
