"""The documents behind paths: files, gzipped or not, folders and zips, with guards against what an archive can hide.

Nothing is ever unpacked to disk. What cannot be opened becomes a ParseError with the file's name; the others are read.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from signals_app.ingest.base import IngestError, Outcome, ParseError

MOST_BYTES_OF_A_TABLE = 16 * 1024**3
MOST_BYTES_OF_A_DOCUMENT = 512 * 1024**2
# Text and JSON of the agencies pack to a tenth or a thirtieth; a bomb to a thousandth.
MOST_EXPANSION = 200
TOO_SMALL_FOR_A_BOMB_BYTES = 1024**2
BUFFER_BYTES = 1024 * 1024
ENCRYPTED = 0x1
GZIP = b"\x1f\x8b"
DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError)


class Bomb(OSError):
    """A gzipped file unpacks to far more than any table or document does."""


class _Unpacked(io.RawIOBase):
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
            raise Bomb(f"unpacks to more than {MOST_EXPANSION} times its size")
        return count

    def close(self) -> None:
        """Close both streams."""
        self.inside.close()
        self.packed.close()
        super().close()


@dataclass(frozen=True)
class Document:
    """A readable file, alone or inside an open zip. `name` is what messages call it, `leaf` its bare name.

    `size_bytes` is the size as it lies there, `packed` opens just that; `open` unpacks what is gzipped.
    """

    name: str
    leaf: str
    size_bytes: int
    packed: Callable[[], IO[bytes]]
    packed_in: Path | None = None

    def open(self) -> IO[bytes]:
        """Open the file's bytes, unpacked whatever its name. Raises what DAMAGE lists, here and while reading."""
        with self.packed() as stream:
            is_gzipped = stream.read(len(GZIP)) == GZIP
        stream = self.packed()
        if is_gzipped:
            return io.BufferedReader(_Unpacked(stream, self.size_bytes), BUFFER_BYTES)
        return io.BufferedReader(stream, BUFFER_BYTES)  # type: ignore[type-var]

    def read(self) -> bytes:
        """Return all bytes. Raises ParseError for a file that is too large or damaged."""
        try:
            with self.open() as stream:
                data = stream.read(MOST_BYTES_OF_A_DOCUMENT + 1)
        except DAMAGE as error:
            raise damaged(self.name, error) from error
        if len(data) > MOST_BYTES_OF_A_DOCUMENT:
            raise ParseError(self.name, None, f"has more than {MOST_BYTES_OF_A_DOCUMENT:,} bytes")
        return data


def damaged(name: str, error: BaseException) -> ParseError:
    """Return the reject for a file that breaks off or cannot be unpacked."""
    if isinstance(error, Bomb):
        return ParseError(name, None, str(error))
    plainly = " ".join(str(error).split()) or type(error).__name__
    return ParseError(name, None, f"the file ends early or is damaged ({plainly})")


def documents(paths: Iterable[Path], wanted: Callable[[str], bool]) -> Iterator[Document | ParseError]:
    """Yield the files behind the paths, those of folders and zips whose bare name is wanted, sorted within each.

    Hidden files are left out: systems lay notes beside real ones, under their names with a dot before. A zip stays open
    while its members are yielded. Raises IngestError for a path that does not exist.
    """
    for path in paths:
        if path.is_dir():
            for item in sorted(path.iterdir()):
                is_wanted = item.suffix.lower() == ".zip" or wanted(item.name)
                if item.is_file() and is_wanted and not item.name.startswith("."):
                    yield from _documents(item, wanted)
        elif path.is_file():
            yield from _documents(path, wanted)
        else:
            raise IngestError(f"{path}: no such file or folder")


def _documents(path: Path, wanted: Callable[[str], bool]) -> Iterator[Document | ParseError]:
    if path.suffix.lower() != ".zip":
        yield Document(path.name, path.name, path.stat().st_size, lambda: path.open("rb"))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        yield ParseError(path.name, None, f"is no readable zip ({' '.join(str(error).split())})")
        return
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            leaf = PurePosixPath(info.filename.replace("\\", "/")).name
            if info.is_dir() or leaf.startswith(".") or not wanted(leaf):
                continue
            name = f"{path.name}:{info.filename}"
            reason = _suspicion(info)
            yield ParseError(name, None, reason) if reason else _member(archive, info, name, leaf, path)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, leaf: str, path: Path) -> Document:
    return Document(name, leaf, info.file_size, lambda: archive.open(info), packed_in=path)


def _suspicion(info: zipfile.ZipInfo) -> str | None:
    """Return why a member is not opened: a path that climbs out, a password, a size that no such file has."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "its path climbs out of the archive"
    if info.flag_bits & ENCRYPTED:
        return "is encrypted"
    if info.file_size > MOST_BYTES_OF_A_TABLE:
        return f"unpacks to {info.file_size:,} bytes, more than {MOST_BYTES_OF_A_TABLE:,}"
    if info.file_size > TOO_SMALL_FOR_A_BOMB_BYTES and info.file_size > MOST_EXPANSION * max(info.compress_size, 1):
        return f"unpacks to more than {MOST_EXPANSION} times its size"
    return None


def need_paths(source: str, paths: Iterable[Path], what: str) -> None:
    """Raise IngestError where no path was given."""
    if not list(paths):
        raise IngestError(f"{source} needs --from: {what}")


def conclude(outcome: Outcome) -> Outcome:
    """Return the outcome of a run that read something. Raises IngestError where nothing could be read."""
    if outcome.read == outcome.rejected:
        first = f"; the first fault: {outcome.rejects[0]}" if outcome.rejects else ""
        what = f"none of the {outcome.read:,} rows could be read" if outcome.read else "nothing to read there"
        raise IngestError(what + first)
    return outcome
