"""The name of who buys the registrant, as the agreement introduces it; empty where it does not say so plainly. Pure."""

from __future__ import annotations

import re
from itertools import takewhile

# What agreements call the buyer. The subsidiary that merges (Merger Sub, Purchaser, Bidco) is the buyer's instrument.
_BUYER = re.compile(
    r"\((?:(?:the|together|collectively|each|such)\b[^()“\"]{0,40})?"
    r"[“\"](?:Ultimate )?(?:Parent|Buyer|Acquir[oe]r)[”\"]"
)
_SUBSIDIARY_OF = re.compile(r"\bsubsidiary of (?P<name>[^()“”\"]{2,90})")
# Behind a name stands what kind of company it is, and where: ", a Delaware corporation".
_KIND = re.compile(r",\s+(?:each\s+)?an?\s.*$", re.DOTALL)
# Lower-case words within names, and the forms of companies that end one.
_LINKS = frozenset({"of", "&", "and", "de", "for", "plc", "du", "von"})
_FORM = r"(?:Inc|Corp|Corporation|Company|Ltd|Limited|plc|LLC|L\.?P|N\.?V|S\.?A|S\.?E|A\.?G|GmbH|Co)\b\.?"
_BEFORE_LAST = re.compile(rf"^.*\b{_FORM},? and (?=[A-Z])")
_FORM_AT_START = re.compile(rf"^{_FORM}")
_FORM_AT_END = re.compile(rf"\b{_FORM}$")
# The name of a role says nothing of who plays it.
_ROLES = re.compile(
    r"^(?:(?:Ultimate )?Parent|Buyer|Acquir[oe]r|Company|Merger Sub\b.*|Purchaser|Holdco|Bidco|Guarantor)$",
    re.IGNORECASE,
)
_NEAR = 240
LONGEST = 120


def acquirer_of(text: str, registrant_names: str) -> str:
    """Return the buyer's name: what stands before the brackets that call it Parent, or whose subsidiary survives.

    `registrant_names` is a pattern of what the text calls the registrant, which never buys itself.
    """
    own = re.compile(rf"^(?:the\s+)?(?:{registrant_names})(?:,?\s+and\s+|,\s+|$)", re.IGNORECASE)
    introduced = (_last_name(_KIND.sub("", _clause(text[: found.start()]))) for found in _BUYER.finditer(text))
    surviving = (_first_name(found["name"]) for found in _SUBSIDIARY_OF.finditer(text))
    names = (own.sub("", name) for candidates in (introduced, surviving) for name in candidates)
    return next((name for name in names if _is_name(name)), "")


def _clause(before: str) -> str:
    """Return what stands since the last brackets or the last sentence."""
    return re.split(r"[()]|(?<=[a-z]{3}\.)\s", before[-_NEAR:].strip(" ,"))[-1].strip(" ,")


def _belongs(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit() or word.strip(",;") in _LINKS


def _last_name(clause: str) -> str:
    """Return the capitalised words at the end; of several companies, the last."""
    words = list(takewhile(_belongs, reversed(clause.split())))[::-1]
    while words and words[0].strip(",") in _LINKS:
        words.pop(0)
    return _BEFORE_LAST.sub("", " ".join(words)).strip(" ,")


def _first_name(text: str) -> str:
    """Return the capitalised words at the start, up to a comma that no form of company follows."""
    words = list(takewhile(_belongs, text.split()))
    for position, word in enumerate(words):
        following = words[position + 1] if position + 1 < len(words) else ""
        if word[-1] in ",;" and not _FORM_AT_START.match(following):
            words = words[: position + 1]
            break
    while words and words[-1].strip(",;") in _LINKS - {"plc"}:
        words.pop()
    name = " ".join(words).strip(" ,;")
    return name if _FORM_AT_END.search(name) else name.rstrip(".")


def _is_name(name: str) -> bool:
    return 1 < len(name) <= LONGEST and not _ROLES.match(name)
