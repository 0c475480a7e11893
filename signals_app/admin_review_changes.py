"""What accepting a proposal writes, in the words and units of the admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from biotech_ma.core.admin import figures
from companies.models import Company, DrugCandidate
from signals_app.review_models import ReviewItem, ReviewKind

MONEY_SUFFIX = "_usd"


@dataclass(frozen=True, slots=True)
class Change:
    """A field by its label, the value that it gets, and the one that it has where an analyst set it."""

    label: str
    value: str
    held: str = ""


def writes(item: ReviewItem) -> list[Change]:
    """Return the fields that accepting the proposal sets; signals and aliases are rows of their own and set none."""
    said = item.proposed
    if item.kind == ReviewKind.SPLIT:
        return [_change(Company, name, said.get(name)) for name in ("market_cap_usd", "market_cap_as_of")]
    if item.kind != ReviewKind.VALUE or not said.get("field"):
        return []
    model: type[models.Model] = DrugCandidate if said.get("candidate") else Company
    return [
        _change(model, str(said["field"]), said.get("value"), said.get("held")),
        *(_change(model, name, value) for name, value in (said.get("with") or {}).items()),
    ]


def _change(model: type[models.Model], name: str, value: Any, held: Any = None) -> Change:
    field = next((field for field in model._meta.concrete_fields if field.name == name), None)
    if field is None:
        return Change(name, figures.plain(value))
    shown = _shown(field, held) if held not in (None, "", [], {}) else ""
    return Change(str(field.verbose_name), _shown(field, value), shown)


def _shown(field: models.Field[Any, Any], value: Any) -> str:
    try:
        value = field.to_python(value)
    except ValidationError:
        return figures.plain(value)
    if field.name.endswith(MONEY_SUFFIX):
        return figures.exact_money(value)
    return str(dict(field.flatchoices).get(value, "")) or figures.plain(value)
