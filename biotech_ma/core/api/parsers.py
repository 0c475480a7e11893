"""Request bodies: strict JSON and nothing else, of bounded size, length and depth."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import IO, Any, NoReturn

from rest_framework import status
from rest_framework.parsers import BaseParser

from biotech_ma.core.api.errors import FieldError, Problem

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_TEXT = 100_000
MAX_DEPTH = 32
# Ten thousand signals of fifty fields each; what is kept of a document costs time by the value, not by the byte.
MAX_VALUES = 500_000


TOO_MANY = f"A body has at most {MAX_VALUES:,} values."


class _Refused(ValueError):
    """The document is JSON by the letter and still not acceptable."""


class StrictJSONParser(BaseParser):
    """Parses application/json as RFC 8259 has it, and refuses what PostgreSQL could not keep."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the document; raises Problem (400 or 413) that says where it is wrong."""
        raw = stream.read(MAX_BODY_BYTES + 1)
        if len(raw) > MAX_BODY_BYTES:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request body has at most {MAX_BODY_BYTES // 2**20} MiB."
            )
        return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """Return the JSON document in the bytes; raises Problem (400)."""
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_Objects().take)
    except UnicodeDecodeError as error:
        raise Problem(status.HTTP_400_BAD_REQUEST, f"The body is not UTF-8 (byte {error.start}).") from None
    except _Refused as error:
        raise Problem(status.HTTP_400_BAD_REQUEST, str(error)) from None
    except json.JSONDecodeError as error:
        raise Problem(
            status.HTTP_400_BAD_REQUEST, f"The body is not JSON: {error.msg}, line {error.lineno} column {error.colno}."
        ) from None
    except RecursionError:
        raise Problem(status.HTTP_400_BAD_REQUEST, f"The body nests deeper than {MAX_DEPTH} levels.") from None
    except ValueError:
        raise Problem(status.HTTP_400_BAD_REQUEST, "The body holds a number with too many digits.") from None
    errors = list(unstorable(document))
    if errors:
        shown = f"{errors[0].field}: {errors[0].detail}" if errors[0].field else errors[0].detail
        raise Problem(status.HTTP_400_BAD_REQUEST, shown, errors)
    return document


def _no_constant(word: str) -> NoReturn:
    raise _Refused(f"{word} is not JSON; leave out what is unknown, or send null.")


class _Objects:
    """Takes the objects of one document: each key once, and no more of them than a document may have."""

    def __init__(self) -> None:
        self.values = 0

    def take(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return the object; raises for a key that stands in it twice, and beyond the document's last value."""
        self.values += len(pairs) + 1
        if self.values > MAX_VALUES:
            raise _Refused(TOO_MANY)
        result = dict(pairs)
        if len(result) < len(pairs):
            name = _first_repeated(name for name, _ in pairs)
            raise _Refused(f'The key "{name[:100].encode("utf-8", "replace").decode()}" stands twice in one object.')
        return result


def _first_repeated(names: Iterable[str]) -> str:
    """Return the first name that was there before. Raises StopIteration when each is there once."""
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def unstorable(document: Any) -> Iterator[FieldError]:
    """Yield what PostgreSQL cannot keep, each with its path; stops at the tenth, and at too deep a nesting."""
    found = values = 0
    stack: list[tuple[Any, str, int]] = [(document, "", 1)]
    while stack and found < 10:  # noqa: PLR2004
        value, path, depth = stack.pop()
        values += 1
        reason = None
        if isinstance(value, str):
            reason = text_fault(value)
        elif isinstance(value, float):
            reason = ("number", "This number is too large.") if math.isinf(value) else None
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                yield FieldError(path[:200], "depth", f"JSON may nest {MAX_DEPTH} levels deep.")
                return
            if values + len(stack) + len(value) > MAX_VALUES:
                yield FieldError("", "max_values", TOO_MANY)
                return
            children = value.items() if isinstance(value, dict) else enumerate(value)
            for key, child in children:
                if isinstance(key, str) and (fault := text_fault(key)):
                    found += 1
                    yield FieldError(path[:200], fault[0], f"A key: {fault[1]}")
                    continue
                stack.append((child, _step(path, key), depth + 1))
        if reason:
            found += 1
            yield FieldError(path[:200], reason[0], reason[1])


def text_fault(text: str) -> tuple[str, str] | None:
    """Return code and reason where PostgreSQL cannot keep the text, else None."""
    if "\x00" in text:
        return "nul", "NUL characters are not allowed."
    if len(text) > MAX_TEXT:
        return "max_length", f"A text has at most {MAX_TEXT:,} characters."
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return "surrogate", "Half a surrogate pair is no character."
    return None


def _step(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
