"""Words that belong to a vocabulary: a wrong one is refused, with the near ones named."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def near(word: str, vocabulary: Collection[str]) -> str:
    """Return the end of an error sentence: the near words, or the whole vocabulary where none is near."""
    close = get_close_matches(word, vocabulary, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"one of: {', '.join(vocabulary)}"


def known(words: Iterable[str], vocabulary: Collection[str], *, noun: str) -> list[str]:
    """Return the words as a list, all of them of the vocabulary.

    Raises ValueError for the first that is not, and names the near ones: an unknown word would otherwise look like
    an empty answer.
    """
    listed = list(words)
    for word in listed:
        if word not in vocabulary:
            raise ValueError(f"unknown {noun} {word!r}; {near(word, vocabulary)}")
    return listed
