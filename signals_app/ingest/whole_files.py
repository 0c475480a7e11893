"""Making JSON of a whole file, and values of what it holds. Pure: ValueError for a value that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NoReturn

from signals_app.ingest.base import ParseError

NEVER_IN_TEXT = "\x00"


def json_object(data: bytes, file: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return the JSON object that a file holds. Raises ParseError for anything else, a web page above all."""
    found = json_value(data, file, parse_float=parse_float)
    if not isinstance(found, dict):
        raise ParseError(file, None, "holds no JSON object")
    return found


def json_value(data: bytes, file: str, *, parse_float: Callable[[str], Any] = float) -> Any:
    """Return what a file of JSON in UTF-8 holds. Raises ParseError, with the line, for anything else."""
    if not data.strip():
        raise ParseError(file, None, "is empty")
    try:
        return json.loads(data.decode("utf-8-sig"), parse_float=parse_float, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ParseError(file, data.count(b"\n", 0, error.start) + 1, "is not UTF-8") from error
    except RecursionError as error:
        raise ParseError(file, None, "is no JSON of a source: it nests without end") from error
    except ValueError as error:
        what = "is a web page" if data.lstrip()[:1] == b"<" else "is no JSON or is cut off"
        raise ParseError(file, getattr(error, "lineno", None), what) from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def text_of(value: Any, longest: int) -> str:
    """Return trimmed one-line text that the database can hold, empty for None. Raises ValueError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise ValueError(f"{type(value).__name__} where text belongs")
    text = " ".join(str(value).split())
    if NEVER_IN_TEXT in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("characters that no text has")
    if len(text) > longest:
        raise ValueError(f"{len(text)} characters, more than {longest}")
    return text


def day_of(value: Any) -> date | None:
    """Return the day of `YYYY-MM-DD` or `YYYYMMDD`, None for an empty value. Raises ValueError for anything else."""
    text = text_of(value, 40)
    return date.fromisoformat(text) if text else None


def instant_of(value: Any) -> datetime:
    """Return the instant of an ISO timestamp with its zone. Raises ValueError for one without."""
    found = datetime.fromisoformat(text_of(value, 40))
    if found.tzinfo is None:
        raise ValueError("a timestamp without a zone")
    return found
