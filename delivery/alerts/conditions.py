"""The condition language: JSON in, a checked tree out. What is wrong is named with the place where it stands.

A comparison is {"field", "operator", "value"}; {"and": […]}, {"or": […]} and {"not": {…}} combine conditions; {} always
holds. A comparison with an unknown value does not hold, and its `not` does.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from delivery.alerts.fields import BY_COLUMN, BY_NAME, FIELDS, OPERATOR_SIGNS, OWNER_ALIASES, Field, Kind

MOST_DEPTH, MOST_COMPARISONS, MOST_VALUES, MOST_CHARACTERS = 8, 100, 100, 500
MOST_NUMBER = Decimal(10) ** 18
FIGURE = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
# What names a company in a condition, and the operators that name it whole.
TICKER, WHOLE = "company.ticker", frozenset({"eq", "ne", "in", "not_in"})
COMPARISON_KEYS = frozenset({"field", "operator", "op", "value"})


class ConditionError(ValueError):
    """A condition that cannot be understood: where in the JSON, and what to write instead."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field held against one value; for `in` and `not_in` against a tuple of values."""

    field: Field
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Every:
    """Holds when each part does; without parts it always holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part does."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when the part does not."""

    part: Node


type Node = Comparison | Every | AnyOf | Not
ALWAYS = Every(())


def parse(condition: Any) -> Node:
    """Return the condition as a tree. Raises ConditionError, naming the place, for anything that is no condition."""
    if not isinstance(condition, dict):
        raise ConditionError("", 'A condition is a JSON object, such as {"field": "score.total_score", …}.')
    if not condition:
        return ALWAYS
    node = _node(condition, "", 1)
    if (number := sum(1 for _ in comparisons(node))) > MOST_COMPARISONS:
        raise ConditionError("", f"At most {MOST_COMPARISONS} comparisons (this has {number}).")
    return node


def comparisons(node: Node) -> Iterator[Comparison]:
    """Yield the comparisons of the tree, from left to right."""
    match node:
        case Comparison():
            yield node
        case Not(part):
            yield from comparisons(part)
        case Every(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)


def owners(node: Node) -> frozenset[str]:
    """Return whose fields the tree names: of company, score and signal."""
    return frozenset(comparison.field.owner for comparison in comparisons(node))


def renamed(node: Node, ticker: Callable[[str], str]) -> Node:
    """Return the tree with what `ticker` gives for each whole ticker that it compares the company's with."""
    match node:
        case Not(part):
            return Not(renamed(part, ticker))
        case Every(parts):
            return Every(tuple(renamed(part, ticker) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(renamed(part, ticker) for part in parts))
    if node.field.name != TICKER or node.operator not in WHOLE:
        return node
    value = node.value
    return replace(node, value=tuple(map(ticker, value)) if isinstance(value, tuple) else ticker(value))


def _node(item: Any, place: str, depth: int) -> Node:
    if depth > MOST_DEPTH:
        raise ConditionError(place, f"Nested too deeply: at most {MOST_DEPTH} levels.")
    if not isinstance(item, dict):
        raise ConditionError(place, "Expected a comparison, and, or, not.")
    words = [word for word in ("and", "or", "not") if word in item]
    if not words:
        return _comparison(item, place)
    if len(item) > 1:
        raise ConditionError(place, f'"{words[0]}" stands alone in its object; found {_shown(sorted(map(str, item)))}.')
    word, inner = words[0], item[words[0]]
    at = f"{place}.{word}" if place else word
    if word == "not":
        return Not(_node(inner, at, depth + 1))
    if not isinstance(inner, list) or not inner:
        raise ConditionError(at, "Expected a list of at least one condition.")
    if len(inner) > MOST_COMPARISONS:
        raise ConditionError(at, f"At most {MOST_COMPARISONS} conditions (this has {len(inner)}).")
    parts = tuple(_node(part, f"{at}[{index}]", depth + 1) for index, part in enumerate(inner))
    return Every(parts) if word == "and" else AnyOf(parts)


def _comparison(item: dict[Any, Any], place: str) -> Comparison:
    if unknown := [str(key) for key in item if key not in COMPARISON_KEYS]:
        raise ConditionError(place, f"A comparison has field, operator and value; found {_shown(unknown)}.")
    if "operator" in item and "op" in item:
        raise ConditionError(place, '"op" is short for "operator": write one of them.')
    for key in ("field", "operator"):
        if key not in item and not (key == "operator" and "op" in item):
            raise ConditionError(place, f'A comparison has field, operator and value; "{key}" is missing.')
    field = _field(item["field"], _at(place, "field"))
    operator = _operator(item.get("operator", item.get("op")), field, _at(place, "operator"))
    if "value" not in item:
        if operator != "known":
            raise ConditionError(place, 'A comparison has field, operator and value; "value" is missing.')
        return Comparison(field, operator, True)
    return Comparison(field, operator, _value(item["value"], field, operator, _at(place, "value")))


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _field(name: Any, place: str) -> Field:
    if not isinstance(name, str):
        raise ConditionError(place, "The name of a field is text, such as score.total_score.")
    owner, dot, column = name.strip().partition(".")
    full = f"{OWNER_ALIASES.get(owner, owner)}.{column}"
    if dot and full in BY_NAME:
        return BY_NAME[full]
    found = [] if dot else BY_COLUMN.get(owner, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise ConditionError(place, f"{_quoted(name)} could be {' or '.join(each.name for each in found)}.")
    names = [*BY_NAME, *BY_COLUMN]
    near = difflib.get_close_matches(name[:100], names, n=3, cutoff=0.5)
    hint = f"near: {', '.join(near)}" if near else f"one of: {', '.join(each.name for each in FIELDS)}"
    raise ConditionError(place, f"Unknown field {_quoted(name)}; {hint}.")


def _operator(word: Any, field: Field, place: str) -> str:
    if not isinstance(word, str):
        raise ConditionError(place, f"An operator is text; {field.name} takes: {', '.join(field.operators)}.")
    operator = OPERATOR_SIGNS.get(word.strip(), word.strip().lower().replace(" ", "_"))
    if operator not in field.operators:
        raise ConditionError(
            place,
            f"Unknown operator {_quoted(word)}: {field.name} is {field.kind} and takes: {', '.join(field.operators)}.",
        )
    return operator


def _value(value: Any, field: Field, operator: str, place: str) -> Any:
    if operator == "known":
        if not isinstance(value, bool):
            raise ConditionError(place, '"known" takes true or false.')
        return value
    read = READERS[field.kind]
    if operator not in ("in", "not_in"):
        return read(value, field, place)
    if not isinstance(value, list) or not value:
        raise ConditionError(place, f'"{operator}" takes a list of at least one value.')
    if len(value) > MOST_VALUES:
        raise ConditionError(place, f"At most {MOST_VALUES} values (this has {len(value)}).")
    return tuple(read(each, field, f"{place}[{index}]") for index, each in enumerate(value))


def _number(value: Any, field: Field, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        text = value.strip() if isinstance(value, str) else ""
        hint = f"; write {text} without quotes" if FIGURE.fullmatch(text) else ""
        raise ConditionError(place, f"{field.name} is a number and cannot be compared with {_described(value)}{hint}.")
    if not math.isfinite(value):
        raise ConditionError(place, "A number is finite.")
    number = Decimal(str(value))
    if abs(number) > MOST_NUMBER:
        raise ConditionError(place, "A number lies between −10^18 and 10^18.")
    return number


def _whole(value: Any, field: Field, place: str) -> int:
    number = _number(value, field, place)
    if number != number.to_integral_value() or abs(number) >= 2**31:
        raise ConditionError(place, f"{field.name} is a whole number below 2,147,483,648.")
    return int(number)


def _text(value: Any, field: Field, place: str) -> str:
    if not isinstance(value, str):
        raise ConditionError(place, f"{field.name} is {field.kind} and cannot be compared with {_described(value)}.")
    if not value.strip() or len(value) > MOST_CHARACTERS:
        raise ConditionError(place, f"A text has 1 to {MOST_CHARACTERS} characters.")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ConditionError(place, "NUL characters and halves of surrogate pairs are no text.")
    return value.strip()


def _choice(value: Any, field: Field, place: str) -> str:
    word = _text(value, field, place)
    if word not in field.choices:
        near = difflib.get_close_matches(word, field.choices, n=3, cutoff=0.5)
        raise ConditionError(
            place, f"{_quoted(word)} is no value of {field.name}; one of: {', '.join(near or field.choices)}."
        )
    return word


def _boolean(value: Any, field: Field, place: str) -> bool:
    if not isinstance(value, bool):
        raise ConditionError(place, f"{field.name} is true or false, not {_described(value)}.")
    return value


def _day(value: Any, field: Field, place: str) -> dt.date:
    text = _text(value, field, place)
    try:
        day = dt.date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise ConditionError(place, f"{field.name} is a day; write it as YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}.")
    return day


READERS: dict[Kind, Callable[[Any, Field, str], Any]] = {
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.RANK: _choice,
    Kind.BOOLEAN: _boolean,
    Kind.DAY: _day,
    Kind.INSTANT: _day,
    Kind.WORDS: _choice,
    Kind.TAGS: _text,
}


def _described(value: Any) -> str:
    if value is None:
        return 'null; ask "known" for what is unknown'
    if isinstance(value, str):
        return f"the text {_quoted(value)}"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"


def _quoted(text: str) -> str:
    return f'"{text[:60]}"'


def _shown(names: list[str]) -> str:
    return ", ".join(_quoted(name) for name in names[:5])
