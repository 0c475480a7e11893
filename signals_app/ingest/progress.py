"""How far a run has come through its files: bytes read of all bytes, of each file where its last reading stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

# Telling more often costs more than it shows.
BYTES_BETWEEN_STEPS = 256 * 1024

Progress = Callable[[str], None]


class Step(str):
    """What a run is doing, and how much of all is done: bytes or companies; a `total` of 0 says that nobody knows."""

    done: int
    total: int

    def __new__(cls, text: str, done: int = 0, total: int = 0) -> Step:
        """Return the step."""
        step = super().__new__(cls, text)
        step.done, step.total = done, total
        return step


@dataclass
class Meter:
    """The sizes of a run's files by name, and the place in each that has been read up to."""

    sizes: dict[str, int] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    _total: int = 0
    _done: int = 0

    def expect(self, name: str, size_bytes: int) -> None:
        """Count a file among those to read; twice is once."""
        if name not in self.sizes:
            self.sizes[name] = size_bytes
            self._total += size_bytes

    def reach(self, name: str, place: int) -> None:
        """Note that a file has been read up to a place; read once more, it starts again."""
        place = min(place, self.sizes.get(name, 0))
        self._done += place - self.read.get(name, 0)
        self.read[name] = place

    def step(self, text: str) -> Step:
        """Return the step to tell."""
        return Step(text, self._done, self._total)

    def counted(self, name: str, stream: IO[bytes], progress: Progress) -> IO[bytes]:
        """Return the stream; what is read of it is noted here and told now and then."""
        return _Counted(stream, lambda place: self._tell(name, place, progress))  # type: ignore[return-value]

    def _tell(self, name: str, place: int, progress: Progress) -> None:
        self.reach(name, place)
        progress(self.step(name))


class _Counted(io.RawIOBase):
    """A stream that tells how far it has been read, now and then and at its end."""

    def __init__(self, inside: IO[bytes], tell: Callable[[int], None]) -> None:
        self._inside, self._tell = inside, tell
        self._place, self._told = 0, 0

    def readable(self) -> bool:
        """Return True: it is read and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the stream inside."""
        data = self._inside.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        if self._place - self._told >= BYTES_BETWEEN_STEPS or (not data and self._told < self._place):
            self._told = self._place
            self._tell(self._place)
        return len(data)

    def close(self) -> None:
        """Close the stream inside, too."""
        self._inside.close()
        super().close()
