"""How figures, stages, areas and lists are said in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

STAGES: dict[str, str] = {
    "discovery": "discovery",
    "preclinical": "preclinical",
    "phase_1": "phase 1",
    "phase_1_2": "phase 1/2",
    "phase_2": "phase 2",
    "phase_2_3": "phase 2/3",
    "phase_3": "phase 3",
    "nda_bla": "filed",
    "approved": "approved",
}
REGIONS: dict[str, str] = {
    "US": "the United States", "EU": "Europe", "JP": "Japan", "CN": "China", "other": "elsewhere",
}  # fmt: skip
_UNITS = ((Decimal(10) ** 12, "tn"), (Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))
_HUNDRED = Decimal(100)
_LEGAL_FORM = re.compile(
    r"[,\s]+(?:\(publ\)|inc|incorporated|corp|corporation|co|company|ltd|limited|llc|lp|plc|se|sa|s\.a|nv|n\.v|ag|a/s|ab|asa|oyj|spa|"
    r"s\.p\.a|kgaa|gmbh|bv|b\.v)\.?$",
    re.IGNORECASE,
)
# British spellings, so that both name one disease.
_SPELLINGS = (("haem", "hem"), ("aemia", "emia"), ("tumour", "tumor"), ("oesoph", "esoph"), ("oedema", "edema"))


def short_name(name: str) -> str:
    """Return a company's name without its legal form, as a sentence has it."""
    short = name.strip()
    while (cut := _LEGAL_FORM.sub("", short)) and cut != short:
        short = re.sub(r"(?:\s+and|[\s,&]+)$", "", cut) or short
    return short


def possessive(name: str) -> str:
    """Return the name as an owner's: Pfizer's, Axsome Therapeutics'."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def dollars(amount: Decimal) -> str:
    """Return an amount in USD as a sentence has it: $4.9bn, $320m, -$12.0m."""
    size, sign = abs(amount), "-" if amount < 0 else ""
    for factor, unit in _UNITS:
        if size >= factor:
            scaled = size / factor
            return f"{sign}${scaled:,.{0 if scaled >= _HUNDRED else 1}f}{unit}"
    return f"{sign}${size:,.0f}"


def share(part: Decimal) -> str:
    """Return a part of one as a percentage."""
    return f"{part * 100:.0f} %"


def area(name: str) -> str:
    """Return an area as a sentence has it."""
    return name.replace("_", " ")


def listed(texts: Sequence[str], *, most: int = 3) -> str:
    """Return texts as "a, b and c"; beyond `most` of them how many more there are."""
    shown, rest = list(texts[:most]), len(texts) - most
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def indication_key(text: str) -> str:
    """Return an indication as it is compared: no case, punctuation, abbreviation in brackets or British spelling."""
    plain = re.sub(r"\([^()]*\)", " ", text.casefold())
    for british, american in _SPELLINGS:
        plain = plain.replace(british, american)
    return " ".join(re.findall(r"\w+", plain.replace("'s", "").replace("’s", "")))
