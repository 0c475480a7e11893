"""Words of a signal's title, found by an index: what a word begins with is enough."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, F, Func, TextField, Value

# Letters and digits make a word, so that ABC-123 is two: whoever asks for 123 finds it.
_APART = "regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g')"


class TitleWords(Func):
    """The words of a text, as the index has them."""

    template = f"to_tsvector('simple', {_APART})"
    output_field = SearchVectorField()


class _Begins(Func):
    """What has a word for each of the text's that begins with it. A text without letters and digits finds nothing."""

    template = f"to_tsquery('simple', replace(nullif(trim({_APART}), ''), ' ', ':* & ') || ':*')"
    output_field = TextField()


class _Match(Func):
    template, arg_joiner = "(%(expressions)s)", " @@ "
    output_field: Any = BooleanField()


def titled(text: str) -> Func:
    """Return the condition that the title has, for each word of the text, one that begins with it."""
    return _Match(TitleWords(F("title")), _Begins(Value(text)))
