"""What stands after an amendment: its own lines, and those of the original that it does not repeat. Pure.

An amendment states the lines that change or were missing, and leaves the others out (General Instruction 9 to Form 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]
# A line of an amendment corrects a line of the original with the same of these.
SAME = ("derivative", "security", "date", "code", "acquired")
# Where there are several, the one that shares one of these.
KEPT = ("shares", "price_usd", "shares_after")


def amended(original: Sequence[Line], amendment: Sequence[Line]) -> list[Line]:
    """Return the lines in force, the amendment's first; both as `signal_data` keeps them."""
    left = list(original)
    for line in amendment:
        corrected = _corrected(line, left)
        if corrected is not None:
            left.remove(corrected)
    return [*amendment, *left]


def _corrected(line: Line, left: Sequence[Line]) -> Line | None:
    """Return the line of the original that this one replaces; None where it was missing there, or several may be it."""
    alike = [other for other in left if all(other.get(name) == line.get(name) for name in SAME)]
    near = [other for other in alike if any(other.get(name) == line.get(name) is not None for name in KEPT)]
    if near:
        return near[0]
    return alike[0] if len(alike) == 1 else None
