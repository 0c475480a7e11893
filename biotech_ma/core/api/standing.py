"""Answers kept in memory for as long as they are true: a small question to PostgreSQL stands in for the large one.

The statement that reads a page reads the state of its tables, too (core/change_counts.py), in the same snapshot.
Before the page is given again, the state is read anew: it is the same only if no transaction that wrote to these tables
has been committed in between. So an answer is never stale, on no worker (docs/adr/0024).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from biotech_ma.core.change_counts import state_of
from biotech_ma.core.postgres import prepared

MOST_BYTES = 32 * 1024 * 1024
MOST_BYTES_AN_ANSWER = 1024 * 1024
# Once half the room is taken, only what is asked for again soon is worth its place.
ASKED_LATELY = 4096

CLOCK = "extract(epoch FROM statement_timestamp())::float8"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a page rests on: its tables, their state, and the span of time in which their rows mean the same.

    `until` is the moment at which a row that is there already begins to count; None where there is none.
    """

    tables: frozenset[str]
    state: bytes
    since: float
    until: float | None

    def holds(self) -> bool:
        """Return whether the page would be read today as it was, by one small statement."""
        state, now = prepared.one(f"SELECT {state_of(self.tables)}, {CLOCK}")
        return bool(state == self.state and self.since <= now and (self.until is None or now < self.until))


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, the headers that went with it, and what it rests on."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    proof: Proof


class Answers:
    """The answers of this process, by address: those asked for longest ago go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.size = 0
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._asked: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, address: str) -> Answer | None:
        """Return what was answered last, whether it is still true or not."""
        with self._lock:
            answer = self._kept.get(address)
            if answer is not None:
                self._kept.move_to_end(address)
            return answer

    def keep(self, address: str, answer: Answer) -> None:
        """Keep the answer; where room is scarce, only if the address was asked for lately, too."""
        with self._lock:
            held = self._kept.pop(address, None)
            if held is not None:
                self.size -= len(held.body)
            elif address not in self._asked and self.size > self.most_bytes // 2:
                self._note(address)
                return
            if len(answer.body) > MOST_BYTES_AN_ANSWER:
                return
            self._kept[address] = answer
            self.size += len(answer.body)
            while self.size > self.most_bytes:
                self.size -= len(self._kept.popitem(last=False)[1].body)

    def _note(self, address: str) -> None:
        self._asked[address] = None
        if len(self._asked) > ASKED_LATELY:
            self._asked.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._asked.clear()
            self.size = 0


ANSWERS = Answers()
