"""Whether a sponsor's name in a register means a company."""

from __future__ import annotations

import re

# Registers shorten words: ACADIA PHARMS INC, UNITED THERAP, BEONE MEDICINES USA.
LETTERS_COMPARED = 6


def names_company(sponsor: str, company: str) -> bool:
    """Return whether one of the sponsor's words begins like the company's first word.

    Guards against look-ups that took another sponsor for the company (`BAYER HEALTHCARE` for Viridian).
    """
    first = next(iter(_words(company)), "")[:LETTERS_COMPARED]
    return bool(first) and any(word.startswith(first) for word in _words(sponsor))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
