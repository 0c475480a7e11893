"""Which program writes, where no person does: a job or a command, named in the history of what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_program: ContextVar[dict[str, str] | None] = ContextVar("the program that writes", default=None)


@contextmanager
def acting(**program: str) -> Iterator[None]:
    """Name the program, as `job="ingest"` or `command="score"`, to every change that is recorded inside."""
    token = _program.set({**(_program.get() or {}), **program})
    try:
        yield
    finally:
        _program.reset(token)


def program() -> dict[str, str]:
    """Return what `acting` has named, nothing where a person or SQL is at work."""
    return dict(_program.get() or {})
