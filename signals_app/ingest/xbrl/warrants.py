"""Pre-funded warrants: which rows say how many are outstanding. Pure.

Their holders have paid for the shares but for a token price, and exercise as ownership limits let them. The taxonomies
have no tag for them: companies report the standard number of warrants outstanding with a member of their own for the
kind, or a tag of their own. The number called by a warrant at its issue is not taken: some may be exercised since.
"""

from __future__ import annotations

import re

from signals_app.ingest.xbrl.tags import PREFUNDED

STANDARD_TAG = "ClassOfWarrantOrRightOutstanding"
_OWN_TAG = re.compile(r"\w*pre_?funded\w*warrant\w*outstanding\w*", re.IGNORECASE)
# One axis alone: a second one makes the row a part, of one placement or of one holder.
_KIND = re.compile(r"(?:ClassOfWarrantOrRight|ClassOfStock)=([^;=]*pre_?-?funded[^;=]*);?", re.IGNORECASE)
_ALL_OF_THE_KIND = re.compile(r"pre_?-?funded(?:commonstock)?warrants?", re.IGNORECASE)


def prefunded_tag(tag: str, segments: str) -> str | None:
    """Return the desk's own tag for a number of pre-funded warrants outstanding, of all or of one series; else None."""
    kind = _KIND.fullmatch(segments)
    if (tag == STANDARD_TAG and kind) or (_OWN_TAG.fullmatch(tag) and (kind or not segments)):
        return PREFUNDED
    return None


def is_series(segments: str) -> bool:
    """Return whether the row is of one series of several, which the caller sums where the kind has no total."""
    kind = _KIND.fullmatch(segments)
    return kind is not None and _ALL_OF_THE_KIND.fullmatch(kind[1]) is None
