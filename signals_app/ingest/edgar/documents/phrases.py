"""What a text suggests, with the sentence that says so. Pure. An analyst confirms: words deceive.

Each phrase wants the event to have happened: what may, might or would happen is left out, and so is what a sentence
denies. A type is suggested once, with the first sentence that says so; events to come once for each day. Source: press
releases (EX-99) and items of Form 8-K, going-concern paragraphs of Forms 10-K and 10-Q.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
_DAY = re.compile(
    rf"\b(?P<month>{_MONTHS}|{_SHORT_MONTHS})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b"
    rf"|\b(?P<day2>\d{{1,2}})\s+(?P<month2>{_MONTHS}|{_SHORT_MONTHS})\s+(?P<year2>\d{{4}})\b"
)
# What has not happened: hopes, fears, conditions. The month of May is none of them.
_NOT_YET = (
    r"\b(?:(?-i:may)|might|could|would|should|if|whether|unless|expects? to|plans? to|intends? to|seeking|hopes?"
    r"|eligible|appl(?:y|ied|ication) for|requested|risks?|no assurance|prior to|in the event)\b"
)
# So far before the words it still speaks of them.
BEFORE_CHARACTERS = 60
_LEAVES = (
    r"(?:resign\w*|retire\w*|step(?:ped|s|ping)? down|depart(?!ment)\w*|separat\w+|ceased? to serve|leav(?:es|ing)"
    r"|terminat\w+ (?:of )?the employment|employment (?:was|has been) terminated)"
)
_COMPLETE_RESPONSE = r"(?:complete response letter|(?-i:CRLs?))"
_CHIEF = r"chief (?:executive|financial) officer"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A signal type that a sentence suggests; `day` where the sentence names the day of the event itself."""

    signal_type: str
    sentence: str
    day: date | None = None


@dataclass(frozen=True)
class Phrase:
    """What suggests a type, what speaks against it anywhere in the sentence, and what in the words or just before."""

    signal_type: str
    says: re.Pattern[str]
    denies: re.Pattern[str]
    open_if: re.Pattern[str]

    def is_said(self, sentence: str) -> bool:
        """Return whether the sentence says so, of something that has happened."""
        if self.denies.search(sentence):
            return False
        return any(
            not self.open_if.search(sentence, max(0, found.start() - BEFORE_CHARACTERS), found.end())
            for found in self.says.finditer(sentence)
        )


def _phrase(signal_type: str, says: str, *denies: str, open_if: str = r"(?!)") -> Phrase:
    against = re.compile("|".join(denies) or r"(?!)", re.IGNORECASE)
    return Phrase(signal_type, re.compile(says, re.IGNORECASE), against, re.compile(open_if, re.IGNORECASE))


# Several designations stand in one list: "Fast Track, Orphan Drug and Breakthrough Therapy designations".
_IN_A_LIST = (
    r"(?:[\s,()]|\b(?:and|both|drug|product|therapy|device|fast|track|orphan|breakthrough|rare|pediatric|disease|RMAT"
    r"|regenerative|medicine|advanced|priority|review|designation)\b|-)*"
)


def _designation(signal_type: str, words: str) -> Phrase:
    given = r"(?:granted|received|awarded|assigned|been given|grant of|grants)"
    named = rf"{words}\b{_IN_A_LIST}\b(?:designations?|status)"
    return _phrase(
        signal_type,
        rf"\b{given}\b.{{0,160}}\b{named}\b|\b{named}\b.{{0,80}}\b(?:granted|awarded|received)\b",
        r"\b(?:denied|rescinded|revoked|withdrawn|declined)\b",
        open_if=_NOT_YET,
    )


PHRASES: tuple[Phrase, ...] = (
    _phrase(
        "fda_complete_response",
        rf"\b(?:received|issued|receipt of|has sent)\b.{{0,160}}\b{_COMPLETE_RESPONSE}"
        rf"|\b{_COMPLETE_RESPONSE}.{{0,80}}\b(?:received|issued|from the)\b",
        r"\b(?:resubmi\w+|previously|addresse[sd]|in response to the (?:CRL|complete response))\b",
        open_if=_NOT_YET,
    ),
    _phrase(
        "clinical_hold_lifted",
        r"\b(?:lift(?:ed|s|ing)?|remov(?:ed|es|al|ing)|releas(?:ed|es))\b.{0,100}\bclinical hold"
        r"|\bclinical hold\b.{0,80}\b(?:lifted|removed|released)\b",
        open_if=r"\b(?:(?:will|to|may|might|could|would|can|must) (?:be\b|lift|remove)|if|until|once|whether|unless"
        r"|hopes?|expects?|seek\w*|request\w*|work\w* (?:to|towards?))\b",
    ),
    _phrase(
        "clinical_hold",
        r"\b(?:placed|placing|imposed|issued|instituted|notified|informed|received)\b.{0,160}\bclinical hold",
        r"\b(?:lift\w*|remov\w*|releas\w*|no clinical hold|not (?:been )?placed)\b",
        open_if=_NOT_YET,
    ),
    _designation("designation_breakthrough", r"breakthrough(?: therapy| device)?"),
    _designation("designation_rmat", r"(?:RMAT|regenerative medicine advanced therapy)"),
    _designation("designation_orphan", r"orphan(?:[- ]drug)?"),
    _designation("designation_fast_track", r"fast[- ]track"),
    _phrase(
        "strategic_review",
        r"\b(?:explor\w+|evaluat\w+|review\w*|consider\w*|initiat\w+|pursu\w+|undertak\w+|conduct\w+)\b.{0,120}"
        r"\bstrategic (?:alternatives|options)\b|\b(?:comprehensive|formal|board-led).{0,40}\bstrategic review\b",
        r"\b(?:conclu\w+|complet\w+|terminat\w+ (?:its|the)|no longer|no assurance|no guarantee)\b",
        r"\bnot (?:currently )?(?:explor|evaluat|consider)\w*",
    ),
    _phrase(
        "going_concern",
        r"\bsubstantial doubt\b.{0,200}\bgoing concern\b|\bgoing concern\b.{0,80}\bsubstantial doubt\b",
        r"\b(?:alleviat\w+|mitigat\w+|eliminat\w+|resolved|no longer|no substantial doubt|whether)\b",
        r"\b(?:do|does|did) not (?:raise|exist|indicate|believe)",
        open_if=r"\b(?:if|(?-i:may)|might|could|would) (?:be |raise |cast |create |have )?",
    ),
    _phrase(
        "partnership",
        r"\bentered into\b.{0,120}\b(?:licen[sc]e|collaboration|option|co-development|co-promotion|research)"
        r"(?: and \w+)* agreement\b",
        r"\b(?:lease|loan|credit|previously|terminat\w+)\b",
    ),
    _phrase(
        "atm_program",
        r"\b(?:entered into|established|commenced)\b.{0,200}\bat[- ]the[- ]market\b"
        r"|\bentered into\b.{0,120}\b(?:equity distribution|open market sale|market issuance sales).{0,30}agreement\b",
        r"\bterminat\w+\b",
    ),
    _phrase(
        "executive_departure",
        rf"\b{_LEAVES}\b.{{0,160}}\b{_CHIEF}\b|\b{_CHIEF}\b.{{0,160}}\b{_LEAVES}\b",
        r"\b(?:if|in the event|upon a|good reason|without cause|prior to joining|previously served)\b",
    ),
)
_PUT_OFF = re.compile(r"\b(?:exten\w+|delay\w*|postpon\w+|moved)\b", re.IGNORECASE)
_PDUFA = re.compile(r"\b(?:PDUFA|prescription drug user fee act)\b", re.IGNORECASE)
_COMMITTEE = re.compile(r"\badvisory committee\b.{0,120}\b(?:meet\w*|scheduled|convene)\b", re.IGNORECASE)
_TOPLINE = re.compile(r"\btop[- ]?line\b|\bprimary (?:efficacy )?endpoint", re.IGNORECASE)
_MET = re.compile(
    r"\b(?:met|achieved|meeting|achieving|reached|meets)\b.{0,80}\b(?:co-)?primary\b"
    r"|\b(?:co-)?primary (?:efficacy )?endpoints?\b.{0,60}\b(?:was|were|has been) (?:met|achieved)\b"
    r"|\bpositive top[- ]?line\b",
    re.IGNORECASE,
)
_MISSED = re.compile(
    r"\b(?:did not (?:meet|achieve|reach)|failed to (?:meet|achieve|reach|demonstrate)|missed|not met|not achieved)\b",
    re.IGNORECASE,
)
_PRIMARY = re.compile(r"\bprimary\b", re.IGNORECASE)
_HOPED_FOR = re.compile(
    r"\b(?:expect\w*|anticipat\w*|on track|plan\w*|will be|upcoming|may|might|could|would|if)\b", re.IGNORECASE
)


READOUTS = frozenset({"topline_positive", "topline_mixed", "topline_negative"})


def suggestions(found: Iterable[str], only: frozenset[str] | None = None) -> list[Suggestion]:
    """Return what sentences suggest, each type (and day to come) once; `only` narrows the types."""
    listed = list(found)
    first: dict[tuple[str, date | None], Suggestion] = {}
    asked = [phrase for phrase in PHRASES if only is None or phrase.signal_type in only]
    for sentence in listed:
        for phrase in asked:
            if phrase.is_said(sentence):
                first.setdefault((phrase.signal_type, None), Suggestion(phrase.signal_type, sentence))
        for suggestion in _dated(sentence):
            first.setdefault((suggestion.signal_type, suggestion.day), suggestion)
    readout = topline(listed) if only is None or READOUTS & only else None
    if readout is not None:
        first[readout.signal_type, None] = readout
    return [suggestion for (kind, _), suggestion in first.items() if only is None or kind in only]


def _dated(sentence: str) -> Iterable[Suggestion]:
    """Yield the events whose day the sentence names: a decision by the FDA, a committee's meeting."""
    for kind, pattern in (("pdufa_date", _PDUFA), ("advisory_committee", _COMMITTEE)):
        anywhere = list(filter(None, map(_day, _DAY.finditer(sentence))))
        for said in pattern.finditer(sentence):
            days = list(filter(None, map(_day, _DAY.finditer(sentence, said.start())))) or anywhere
            if days:
                # A day that is put off is named beside the one that it was before.
                yield Suggestion(kind, sentence, max(days) if _PUT_OFF.search(sentence) else days[0])


def _day(named: re.Match[str]) -> date | None:
    parts = named.groupdict()
    month = (parts["month"] or parts["month2"])[:3]
    try:
        return datetime.strptime(
            f"{month} {parts['day'] or parts['day2']} {parts['year'] or parts['year2']}", "%b %d %Y"
        ).date()
    except ValueError:
        return None


def topline(found: Iterable[str]) -> Suggestion | None:
    """Return the readout that sentences report: negative where the primary endpoint was missed, mixed where another."""
    met = missed = primary_missed = None
    for sentence in found:
        if not _TOPLINE.search(sentence) and not (_MISSED.search(sentence) and "endpoint" in sentence.lower()):
            continue
        if _MISSED.search(sentence):
            missed = missed or sentence
            primary_missed = primary_missed or (sentence if _misses_primary(sentence) else None)
        if _MET.search(sentence) and not _HOPED_FOR.search(sentence) and not _misses_primary(sentence):
            met = met or sentence
    if primary_missed:
        return Suggestion("topline_mixed" if met else "topline_negative", primary_missed)
    if met:
        return Suggestion("topline_mixed" if missed else "topline_positive", missed or met)
    return None


def _misses_primary(sentence: str) -> bool:
    """Return whether what is missed is the primary endpoint: the word follows, and `secondary` does not come first."""
    said = _MISSED.search(sentence)
    if said is None:
        return False
    after = sentence[said.end() :]
    first = re.search(r"\b(primary|secondary)\b", after, re.IGNORECASE)
    if first is None:
        return _PRIMARY.search(sentence[: said.start()]) is not None
    return first[1].lower() == "primary"
