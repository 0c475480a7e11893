"""What makes an 8-K a merger agreement, and of whom: is the registrant bought, or does it buy? Pure.

In the usual form (a reverse triangular merger) a subsidiary of the buyer merges into the target, which survives as the
buyer's subsidiary. So the question is who survives, and whose subsidiary it becomes. What the text calls the registrant
is read from where it introduces it: an acquirer's copy calls the target "the Company" as often as not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from signals_app.ingest.edgar.documents.buyer import acquirer_of

_AGREEMENT = re.compile(
    r"\bagreement and plan of (?:merger|reorganization)\b|\bmerger agreement\b|\bbusiness combination agreement\b"
    r"|\b(?:scheme|plan) of arrangement\b|\barrangement agreement\b|\btransaction agreement\b|\btender offer\b",
    re.IGNORECASE,
)
# Shares of the company itself are sold to investors under agreements of the same name: alone it means nothing.
_SHARES = re.compile(r"\b(?:share|stock) (?:exchange|purchase) agreement\b", re.IGNORECASE)
_ENTERED = re.compile(r"\bentered into\b|\bexecuted\b|\bannounced\b", re.IGNORECASE)
_ASSETS = re.compile(
    r"\basset purchase agreement\b|\bpurchase and sale agreement\b"
    r"|\b(?:sale|sell|transfer)\b.{0,60}\b(?:substantially all|certain)\b.{0,40}\bassets\b",
    re.IGNORECASE,
)
_OWNERSHIP = re.compile(r"\bown\b.{0,60}?(\d{1,2}(?:\.\d+)?)\s?%", re.IGNORECASE)
_REVERSE = re.compile(r"\breverse (?:merger|acquisition|takeover)\b|\bshell company\b", re.IGNORECASE)
_COMBINED = re.compile(r"\bcombined (?:company|organization|entity)\b", re.IGNORECASE)
_DOLLARS = r"\$\s?(\d{1,4}(?:\.\d{1,4})?)(?![\d,.]*\s*(?:million|billion))"
_PRICE = re.compile(
    rf"{_DOLLARS}\s+(?:per (?:ordinary |common )?(?:share|ADS)|(?:net )?in cash|cash)"
    rf"|{_DOLLARS},?\s+(?:net to|without interest)"
    rf"|\b(?:in cash|cash|price)\b[^.$]{{0,40}}\b(?:equal to|of)\s+{_DOLLARS}",
    re.IGNORECASE,
)
# An amount that is no price: the par value, the strike of an option, the most that a contingent right can pay.
_NO_PRICE = re.compile(r"\b(?:par value(?: of)?|exercise price(?: of)?|up to|nominal value(?: of)?)\W*$", re.IGNORECASE)
_CONTINGENT = re.compile(r"\bcontingent value right", re.IGNORECASE)
# Where these come before the brackets, they belong to somebody else.
_ANOTHER = r"\b(?:with|entered)\b|\b(?:Inc|Corp|Corporation|Company|Ltd|Limited|plc|LLC|N\.V|S\.A)\b\.?,?\s+and\b"
_BRACKETS = re.compile(r"\(([^()]{2,160})\)")
_TERM = re.compile(r"[“\"]([^”\"]{2,60})[”\"]")
HALF = Decimal(50)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an agreement is to the registrant, the sentence that says so, and why it is not sure (empty: it is).

    `acquirer` is who buys the registrant, in the text's words; empty where it is not plain.
    """

    signal_type: str
    sentence: str
    doubt: str
    price_usd: Decimal | None = None
    has_contingent_payment: bool = False
    acquirer: str = ""

    @property
    def headline(self) -> str:
        """Return in a few words what is agreed, as far as it is plain; else the sentence itself."""
        if self.signal_type != "takeover_target" or not self.acquirer:
            return self.sentence
        price = f" for ${self.price_usd} a share in cash" if self.price_usd is not None else ""
        right = " and a contingent right" if self.has_contingent_payment else ""
        return f"to be acquired by {self.acquirer}{price}{right}"


@dataclass
class _Hits:
    """The sentences by which the registrant is the target, the buyer, or the shell of a reverse merger."""

    target: str = ""
    buyer: str = ""
    reverse: str = ""


def names_of_registrant(text: str, registrant: str) -> str:
    """Return a pattern of what the text calls the registrant: the terms in brackets behind its name, or its name.

    "the Company" is the registrant where the text says so, or where it does not define the word for somebody else.
    """
    behind = re.search(
        rf"\b(?:{_spellings(registrant)})\b(?:(?!{_ANOTHER})[^()]){{0,160}}((?:\([^()]{{2,160}}\)[\s,]*)+)",
        text,
        re.IGNORECASE,
    )
    terms = [term.strip(" ,.") for term in _TERM.findall(behind[1])] if behind else []
    if not terms:
        defined = {term.casefold() for part in _BRACKETS.findall(text) for term in _TERM.findall(part)}
        terms = [term for term in ("Company", "Registrant") if term.casefold() not in defined]
    return "|".join([*(re.escape(term) for term in dict.fromkeys(terms)), _spellings(registrant)])


def _spellings(registrant: str) -> str:
    """Return a pattern of the registrant's first two words; people's names stand reversed: `LILLY ELI & CO`."""
    words = [re.escape(word) for word in re.findall(r"[A-Za-z0-9]+", registrant)[:2]]
    if not words:
        return r"(?!)"
    return "|".join({r"\W+".join(words), r"\W+".join(reversed(words))})


def names_registrant(text: str, registrant: str) -> bool:
    """Return whether the text mentions the registrant by its name, so that it can be told who `the Company` is."""
    return re.search(rf"\b(?:{_spellings(registrant)})\b", text, re.IGNORECASE) is not None


def read(found: Sequence[str], registrant: str, *, has_merger_exhibit: bool) -> Reading | None:
    """Return what the sentences of an 8-K's item 1.01 (or of a release) say of an agreement; None where there is none.

    Only a target that survives as another's subsidiary at a stated price in cash is sure. `has_merger_exhibit` says
    that the agreement itself (EX-2) is attached.
    """
    text = " ".join(found)
    names = names_of_registrant(text, registrant)
    hits = _who(found, names)
    agreed = next((s for s in found if _AGREEMENT.search(s) and _ENTERED.search(s)), "")
    if not agreed and (hits.target or hits.buyer):
        agreed = next((s for s in found if _SHARES.search(s) and _ENTERED.search(s)), "")
    if not agreed:
        return _asset_sale(found)
    price, contingent = _price(found), _CONTINGENT.search(text) is not None
    if hits.reverse and (hits.buyer or not hits.target):
        return Reading("reverse_merger", hits.reverse, "a merger in which the others end up with most of the shares")
    if hits.buyer and not hits.target:
        return Reading("takeover_acquirer", hits.buyer, "the registrant seems to be the buyer")
    if not hits.target:
        return Reading("takeover_target", agreed, "the text does not say plainly who buys whom", price, contingent)
    doubt = (
        "the text says both that the registrant is bought and that it buys" if hits.buyer
        else "the text does not call the registrant by its name" if not names_registrant(text, registrant)
        else "" if price is not None and has_merger_exhibit
        else "no price in cash or no agreement among the exhibits"
    )  # fmt: skip
    return Reading("takeover_target", hits.target, doubt, price, contingent, acquirer_of(text, names))


def _asset_sale(found: Iterable[str]) -> Reading | None:
    sentence = next((s for s in found if _ASSETS.search(s) and _ENTERED.search(s)), "")
    return (
        Reading("asset_sale", sentence, "who sells and how much of the company is for an analyst") if sentence else None
    )


def terminated(found: Iterable[str]) -> str:
    """Return the sentence that says that a merger agreement has ended; empty where none does."""
    ended = re.compile(r"\bterminat(?:ed|ion of|ing)\b.{0,160}|\bmutual termination\b", re.IGNORECASE)
    strict = re.compile(r"\bmerger agreement\b|\bagreement and plan of merger\b", re.IGNORECASE)
    return next((s for s in found if ended.search(s) and strict.search(s)), "")


def _who(found: Iterable[str], names: str) -> _Hits:
    """Return the sentences that show the registrant as target, as buyer, and as what a private company takes over."""
    own = rf"(?:the\s+)?(?:{names})\b"
    target = re.compile(
        rf"\b(?:merge|merged|merging|merger)\b.{{0,80}}\bwith and into {own}"
        rf"|\b{own},?\s+(?:surviving|continuing|will survive|as the surviving).{{0,160}}\bsubsidiary of (?!{own})"
        rf"|\bacquire\b.{{0,60}}\b(?:all|entire)\b.{{0,120}}\b(?:shares?|stock|equity)\b.{{0,60}}\bof {own}"
        rf"|\bacquire {own}(?!['’])"
        rf"|\boffer\b.{{0,120}}\bto (?:purchase|acquire)\b.{{0,160}}\b(?:shares|stock)\b.{{0,80}}\bof {own}"
        rf"|\b{own} (?:will|to) be acquired by\b"
        rf"|\b{own} will become a.{{0,40}} subsidiary of (?!{own})",
        re.IGNORECASE,
    )
    buyer = re.compile(
        rf"\bsubsidiary of {own}.{{0,80}}(?:merge|Merger Sub|Merger Corp|Acquisition Sub|Purchaser)"
        rf"|\b(?:surviving|survive|continuing)\b.{{0,160}}\bsubsidiary of {own}"
        rf"|\b{own} (?:will|agreed to|has agreed to|shall) (?:acquire|purchase) (?:all|100\s?%|the outstanding)",
        re.IGNORECASE,
    )
    hits = _Hits()
    for sentence in found:
        hits.target = hits.target or (sentence if target.search(sentence) else "")
        hits.buyer = hits.buyer or (sentence if buyer.search(sentence) else "")
        hits.reverse = hits.reverse or (sentence if _is_reverse(sentence, own) else "")
    return hits


def _is_reverse(sentence: str, own: str) -> bool:
    """Return whether the registrant's holders keep less than half of the combined company."""
    if _REVERSE.search(sentence):
        return True
    of_own = re.compile(rf"holders of {own}|{own}(?:['’]s?)? (?:\w+ )?\w*holders", re.IGNORECASE)
    shares = [(match.start(), Decimal(match[1])) for match in _OWNERSHIP.finditer(sentence)]
    said = of_own.search(sentence)
    if not shares:
        return False
    if said is None:
        return _COMBINED.search(sentence) is not None and any(share > HALF for _, share in shares)
    after = [share for position, share in shares if position > said.start()]
    return bool(after) and after[0] < HALF


def _price(found: Iterable[str]) -> Decimal | None:
    """Return the price a share in dollars that the first sentence with one states; a par value is none."""
    for sentence in found:
        if not re.search(r"\bshare|\bADS", sentence, re.IGNORECASE):
            continue
        for said in _PRICE.finditer(sentence):
            number = next(filter(None, said.groups()))
            if not _NO_PRICE.search(sentence[: said.start(said.lastindex or 0) - 1]):
                return Decimal(number)
    return None
