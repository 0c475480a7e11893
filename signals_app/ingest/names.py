"""Names of companies made comparable: what is equal once legal forms are dropped and abbreviations written out.

Registers shorten and decorate names: `ACADIA PHARMS INC`, `Xencor, Inc.`, `Société des Produits Nestlé (SPN)`. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LEGAL_FORMS = """
ab ag aps as asa bv co company corp corporation cv gmbh inc incorporated kabushiki kaisha kg kk limited llc lp
llp ltd nv oy oyj plc pte pty pvt sa sab sarl sas se spa srl sl slu the
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
WRITTEN_OUT = {
    "pharms": "pharmaceuticals", "pharm": "pharmaceuticals", "pharma": "pharmaceuticals",
    "pharmaceutical": "pharmaceuticals", "pharmaceut": "pharmaceuticals", "pharmac": "pharmaceuticals",
    "therap": "therapeutics", "theraps": "therapeutics", "theraputics": "therapeutics",
    "therapeutic": "therapeutics", "labs": "laboratories", "lab": "laboratories", "laboratory": "laboratories",
    "intl": "international", "biopharms": "biopharmaceuticals", "biopharm": "biopharmaceuticals",
    "biopharma": "biopharmaceuticals", "biopharmaceutical": "biopharmaceuticals", "bioscience": "biosciences",
    "biotherap": "biotherapeutics", "biotheraps": "biotherapeutics", "biotech": "biotechnology", "sci": "sciences",
    "science": "sciences", "hlthcare": "healthcare", "hlth": "health", "tech": "technology", "techs": "technologies",
    "med": "medicines", "medicine": "medicines", "res": "research", "dev": "development", "genetic": "genetics",
    "onc": "oncology", "immun": "immunology", "ind": "industries", "inds": "industries", "prods": "products",
    "hldgs": "holdings", "hldg": "holdings", "grp": "group", "vax": "vaccines",
}  # fmt: skip
# A subsidiary in the United States is named after its country.
COUNTRY_TAILS = frozenset({"us", "usa", "america", "americas"})
# Words that many names share: two names that differ by these alone are alike, not equal.
_COMMON = """
pharmaceuticals biopharmaceuticals therapeutics biotherapeutics biosciences sciences laboratories
biotechnology medicines oncology holdings group international healthcare health technologies technology
research development bio biologics genetics ireland europe uk global operations products industries and of
north
"""
COMMON = frozenset(_COMMON.split())
MERGED_WORDS = re.compile(r"\b(a s|s a|n v|b v|p l c|s p a|l l c)\b")
IS_NOW = re.compile(r"\b(?:a|is now a|now a)?\s*(?:wholly owned )?subsidiary of\b.*$|\bis now\b.*$", re.IGNORECASE)
PARENTHESIS = re.compile(r"\([^)]*\)")


@lru_cache(maxsize=50_000)
def normalised(name: str) -> str:
    """Return the name's words in lower case, without accents, legal forms and country, abbreviations written out."""
    plain = unicodedata.normalize("NFKD", PARENTHESIS.sub(" ", name)).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9]+", " ", IS_NOW.sub("", plain).lower().replace("&", " ")).strip()
    text = MERGED_WORDS.sub(lambda match: match[0].replace(" ", ""), text)
    words = [WRITTEN_OUT.get(word, word) for word in text.split()]
    while len(words) > 1 and (words[-1] in LEGAL_FORMS or words[-1] in COUNTRY_TAILS):
        words.pop()
    while len(words) > 1 and words[0] == "the":
        words.pop(0)
    # A legal form in front is part of the name: AB Science, Co-Diagnostics.
    return " ".join(
        [words[0], *(word for word in words[1:] if word not in LEGAL_FORMS and word != "and")] if words else []
    )


def in_any_order(name: str) -> str:
    """Return a normalised name's words sorted: EDGAR writes `LILLY ELI & CO`."""
    return " ".join(sorted(name.split()))


def core(name: str) -> str:
    """Return what is left of a normalised name without the words that many share."""
    return " ".join(word for word in name.split() if word not in COMMON)


def same_name(one: str, other: str) -> bool:
    """Return whether two names are one company's, as far as names can tell."""
    return in_any_order(normalised(one)) == in_any_order(normalised(other))
