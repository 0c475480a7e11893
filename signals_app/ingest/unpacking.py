"""Unpacking gzip with an eye on how much comes out, and telling a bomb by what an archive says of itself."""

from __future__ import annotations

import gzip
import io
from typing import IO, Any

# Text and JSON of the agencies pack to a tenth or a thirtieth; a bomb to a thousandth.
MOST_EXPANSION = 200
TOO_SMALL_FOR_A_BOMB_BYTES = 1024**2
OUT_OF_PROPORTION = f"unpacks to more than {MOST_EXPANSION} times its size"


class Bomb(OSError):
    """A gzipped file unpacks to far more than any table or document does."""


class Unpacked(io.RawIOBase):
    """The bytes inside a gzipped stream, as long as they are not out of all proportion to the packed ones."""

    def __init__(self, packed: IO[bytes], packed_bytes: int) -> None:
        self.packed, self.inside = packed, gzip.GzipFile(fileobj=packed)
        self.most = max(TOO_SMALL_FOR_A_BOMB_BYTES, MOST_EXPANSION * packed_bytes)
        self.given = 0

    def readable(self) -> bool:
        """Return True: it is read and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer. Raises Bomb, and what gzip raises for a damaged file."""
        count = self.inside.readinto1(buffer)  # `readinto` would lose what comes before a damaged place
        self.given += count
        if self.given > self.most:
            raise Bomb(OUT_OF_PROPORTION)
        return count

    def close(self) -> None:
        """Close both streams."""
        self.inside.close()
        self.packed.close()
        super().close()
