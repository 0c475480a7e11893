"""A block from a spreadsheet, pasted into a list with boxes: each text is read as imports and forms read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse

from biotech_ma.core.admin.fields import LinesField, MoneyField
from biotech_ma.core.sheets import days, values

MOST_CELLS = 5_000
MOST_CHARACTERS = 10_000
MOST_TOLD = 4
NO_BLOCK = 'Send {"field": ["text", …]}, fields that have boxes in this list.'

KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Paste a block of cells from a spreadsheet, right and down from here", ("Ctrl", "V")),
    ("Copy the cell above, or the first row of a range down it", ("Ctrl", "D")),
    ("Take the last paste or fill back", ("Ctrl", "Z")),
    ("Choose a range: from here down or up, or to the cell that is clicked", ("Shift", "↓ ↑ click")),
    ("Copy the range, for a spreadsheet", ("Ctrl", "C")),
    ("Down and up the column, also from a choice and a day", ("Ctrl", "↓ ↑")),
    ("Down and up the column from a text, number or tick", ("↓ ↑",)),
    ("To the next cell, from the edge of a text or a tick", ("← →",)),
    ("Down the column; up it", ("Enter", "Shift Enter")),
    ("Drop the range; take the cell back", ("Esc",)),
)


def pasted_response(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Return what each text of a block means in its box, or why it is refused. Nothing is written."""
    if not model_admin.may_edit_list(request):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
    fields: Mapping[str, forms.Field] = model_admin.get_changelist_formset(request).form.base_fields
    try:
        block = _block(request.body, fields)
    except ValueError as error:
        return JsonResponse({"detail": str(error)}, status=HTTPStatus.BAD_REQUEST)
    return JsonResponse({"read": {name: read_column(fields[name], texts) for name, texts in block.items()}})


def _block(body: bytes, fields: Mapping[str, forms.Field]) -> dict[str, list[str]]:
    """Return the texts by field; raises ValueError for what is no such block, or a larger one than a page holds."""
    try:
        block = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(NO_BLOCK) from None
    if not isinstance(block, dict) or not block.keys() <= fields.keys():
        raise ValueError(NO_BLOCK)
    if not all(isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in block.values()):
        raise ValueError(NO_BLOCK)
    if sum(map(len, block.values())) > MOST_CELLS:
        raise ValueError(
            f"A block of more than {MOST_CELLS:,} cells is larger than a page: paste fewer, or import the file."
        )
    return block


def read_column(field: forms.Field, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return for each text the values of its boxes, or the reason why it is refused.

    `{"values": ["phase_2"]}` or `{"refused": "…"}`. Which sign stands before decimals is found out over the column.
    """
    style = values.number_style(texts)
    return [_read(field, text, style) for text in texts]


def _read(field: forms.Field, text: str, style: values.NumberStyle) -> dict[str, Any]:
    try:
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"{values.shown(text)} has more than {MOST_CHARACTERS:,} characters")
        if reason := values.error_in(text):
            raise ValueError(reason)
        found = _values(field, text.strip(), style)
        field.clean(_sent(field, found))
    except ValidationError as error:
        return {"refused": " ".join(error.messages)}
    except ValueError as error:
        reason = str(error).replace(": say which comes first", ": write 2026-01-31 or 31 Jan 2026")
        return {"refused": f"{reason[:1].upper()}{reason[1:]}."}
    return {"values": found}


def _sent(field: forms.Field, found: list[str]) -> Any:
    """Return the values as the field takes them from a form."""
    if isinstance(field, forms.MultipleChoiceField):
        return found
    if isinstance(field, forms.BooleanField) and not isinstance(field, forms.NullBooleanField):
        return bool(found)
    return found[0] if found else ""


def _values(field: forms.Field, text: str, style: values.NumberStyle) -> list[str]:
    """Return what the boxes would hold; raises ValueError with the reason where the text is none of it."""
    if isinstance(field, forms.BooleanField):
        return _ticked(field, text)
    if isinstance(field, forms.ChoiceField):
        return _chosen(field, text)
    if isinstance(field, LinesField):
        return ["\n".join(line for line in map(str.strip, _parts(text)) if line)] if text else []
    if isinstance(field, forms.DateField):
        day = days.day(text) if text else values.NOTHING
        return [] if day is values.NOTHING else [day.isoformat()]
    if isinstance(field, forms.IntegerField):  # as Django's decimals and floats are, too
        return _figure(field, text, style)
    said = values.words(text, field.max_length or MOST_CHARACTERS) if text else values.NOTHING  # type: ignore[attr-defined]
    return [] if said is values.NOTHING else [said]


def _figure(field: forms.IntegerField, text: str, style: values.NumberStyle) -> list[str]:
    if not text:
        return []
    is_whole = not isinstance(field, forms.DecimalField | forms.FloatField)
    found = values.whole(text, style=style) if is_whole else values.number(text, style=style)
    if found is values.NOTHING:
        return []
    if found == int(found):
        return [f"{int(found):,}" if isinstance(field, MoneyField) else str(int(found))]
    return [f"{found:f}"]


def _ticked(field: forms.BooleanField, text: str) -> list[str]:
    """Return what a tick or a yes, no and unknown holds; an empty cell ticks nothing, N/A is no answer to a tick."""
    is_open = isinstance(field, forms.NullBooleanField)
    if not text:
        return ["unknown"] if is_open else []
    found = values.yes_or_no(text)
    if is_open:
        return ["unknown"] if found is values.NOTHING else [str(found).lower()]
    if found is values.NOTHING:
        raise ValueError(f"{values.shown(text)} is neither yes nor no")
    return ["on"] if found else []


def _chosen(field: Any, text: str) -> list[str]:
    pairs = [(str(value), str(label)) for value, label in _flat(field.choices) if value not in ("", None)]
    if not isinstance(field, forms.MultipleChoiceField):
        return [_choice(pairs, text)] if text and not _says_nothing(pairs, text) else []
    parts = [part.strip() for part in _parts(text) if part.strip()]
    return list(dict.fromkeys(_choice(pairs, part) for part in parts if not _says_nothing(pairs, part)))


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


def _says_nothing(pairs: list[tuple[str, str]], text: str) -> bool:
    """Return whether the text stands for no value: unless a choice is called so."""
    return values.is_placeholder(text) and not any(_key(text) in map(_key, pair) for pair in pairs)


def _choice(pairs: list[tuple[str, str]], text: str) -> str:
    """Return the value that goes by the text: its label or the value itself, in any letters, spaces aside."""
    exact = [value for value, label in pairs if text in (value, label)]
    found = dict.fromkeys(exact or [value for value, label in pairs if _key(text) in (_key(value), _key(label))])
    if len(found) == 1:
        return next(iter(found))
    labels = ", ".join(label for _, label in pairs[:MOST_TOLD])
    more = f" and {len(pairs) - MOST_TOLD} more" if len(pairs) > MOST_TOLD else ""
    raise ValueError(f"{values.shown(text)} is none of {labels}{more}")


def _key(text: str) -> str:
    return re.sub(r"[\s_\-/.]+", "", text).casefold()


def _parts(text: str) -> list[str]:
    """Return the entries of a cell that holds several: by line or semicolon as exports have them, else by comma."""
    return re.split(r"[\n;|]", text) if re.search(r"[\n;|]", text) else text.split(",")
