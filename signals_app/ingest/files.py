"""The documents behind paths: files, gzipped or not, folders to the bottom, zips; guarded against what they can hide.

Nothing is ever unpacked to disk. What cannot be opened becomes a ParseError with the file's name; the others are read.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from signals_app.ingest.base import IngestError, Outcome, ParseError
from signals_app.ingest.folders import Found, below
from signals_app.ingest.kinds import GZIP, ZIP, what_instead
from signals_app.ingest.unpacking import (
    MOST_EXPANSION,
    OUT_OF_PROPORTION,
    TOO_SMALL_FOR_A_BOMB_BYTES,
    Bomb,
    Unpacked,
)

MOST_BYTES_OF_A_TABLE = 16 * 1024**3
MOST_BYTES_OF_A_DOCUMENT = 512 * 1024**2
BUFFER_BYTES = 1024 * 1024
ENCRYPTED = 0x1
HEAD_BYTES = 512
GZ = ".gz"
DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError)

Wanted = Callable[[str], bool]


@dataclass(frozen=True)
class Document:
    """A readable file, alone or inside a zip. `name` is what messages call it, `leaf` its bare name, without `.gz`.

    `size_bytes` is the size as it lies there, `packed` opens just that; `open` unpacks what is gzipped. `packed_in` is
    the zip, `folder` the folder that was walked.
    """

    name: str
    leaf: str
    size_bytes: int
    packed: Callable[[], IO[bytes]]
    packed_in: Path | None = None
    folder: Path | None = None

    def open(self) -> IO[bytes]:
        """Open the file's bytes, unpacked whatever its name. Raises what DAMAGE lists, here and while reading."""
        with self.packed() as stream:
            is_gzipped = stream.read(len(GZIP)) == GZIP
        stream = self.packed()
        if is_gzipped:
            return io.BufferedReader(Unpacked(stream, self.size_bytes), BUFFER_BYTES)
        return io.BufferedReader(stream, BUFFER_BYTES)  # type: ignore[type-var]

    def read(self) -> bytes:
        """Return all bytes. Raises ParseError for a file that is too large, damaged or of another kind altogether."""
        try:
            with self.open() as stream:
                data = stream.read(MOST_BYTES_OF_A_DOCUMENT + 1)
        except DAMAGE as error:
            raise damaged(self.name, error) from error
        if len(data) > MOST_BYTES_OF_A_DOCUMENT:
            raise ParseError(self.name, None, f"has more than {MOST_BYTES_OF_A_DOCUMENT:,} bytes")
        _refuse(self.name, data[:HEAD_BYTES])
        return data

    def head(self) -> bytes:
        """Return the first bytes. Raises ParseError for what no source sends: nothing, a picture, a page, UTF-16."""
        try:
            with self.open() as stream:
                head = stream.read(HEAD_BYTES)
        except DAMAGE as error:
            raise damaged(self.name, error) from error
        _refuse(self.name, head)
        return head


def _refuse(name: str, head: bytes) -> None:
    if instead := what_instead(head):
        raise ParseError(name, None, instead)


def damaged(name: str, error: BaseException) -> ParseError:
    """Return the reject for a file that breaks off, cannot be unpacked or must not be read."""
    if isinstance(error, PermissionError):
        return ParseError(name, None, "may not be read by this user")
    if isinstance(error, Bomb):
        return ParseError(name, None, str(error))
    plainly = " ".join(str(error).split()) or type(error).__name__
    return ParseError(name, None, f"the file ends early or is damaged ({plainly})")


def documents(paths: Iterable[Path], wanted: Wanted) -> Iterator[Document | ParseError]:
    """Yield the files behind the paths, those of folders and zips whose bare name is wanted, sorted within each.

    Hidden files are left out: systems lay notes beside real ones, under their names with a dot before. A path that is
    not there, or that is a pipe or a device, is a ParseError like any other fault.
    """
    for path in paths:
        for found in below(path, lambda name: is_zip_name(name) or wanted(bare_name(name))):
            if isinstance(found, ParseError):
                yield found
                continue
            try:
                yield from _documents(found, wanted)
            except OSError as error:
                yield damaged(found.name, error)


def is_zip_name(name: str) -> bool:
    """Return whether a file calls itself a zip."""
    return name.lower().endswith(".zip")


def bare_name(name: str) -> str:
    """Return a file's name as it is unpacked."""
    return name[: -len(GZ)] if name.lower().endswith(GZ) else name


def _documents(found: Found, wanted: Wanted) -> Iterator[Document | ParseError]:
    path = found.path
    with path.open("rb") as stream:
        is_zip = is_zip_name(path.name) or stream.read(len(ZIP)) == ZIP
    if is_zip:
        yield from _members(path, found.name, wanted)
    else:
        size = path.stat().st_size
        yield Document(found.name, bare_name(path.name), size, lambda: path.open("rb"), folder=found.folder)


def _members(path: Path, name: str, wanted: Wanted) -> Iterator[Document | ParseError]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        yield ParseError(name, None, f"is no readable zip ({' '.join(str(error).split())})")
        return
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            place = PurePosixPath(info.filename.replace("\\", "/"))
            full = f"{name}:{info.filename}"
            if _climbs(place):
                yield ParseError(full, None, "its path climbs out of the archive")
            elif info.is_dir() or place.name.startswith("."):
                continue
            elif is_zip_name(place.name):
                yield ParseError(full, None, "is a zip inside a zip: unpack the outer one first")
            elif wanted(bare_name(place.name)):
                reason, opened = _suspicion(info), _opening(archive, info, path)
                yield (
                    ParseError(full, None, reason)
                    if reason
                    else Document(full, bare_name(place.name), info.file_size, opened, packed_in=path)
                )


def _opening(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Callable[[], IO[bytes]]:
    """Return how a member is opened: through the archive, or through another one once that has been closed."""

    def opened() -> IO[bytes]:
        if archive.fp is not None:
            return archive.open(info)
        with zipfile.ZipFile(path) as again:
            return again.open(info)

    return opened


def _climbs(place: PurePosixPath) -> bool:
    return place.is_absolute() or ".." in place.parts or ":" in "".join(place.parts[:1])


def _suspicion(info: zipfile.ZipInfo) -> str | None:
    """Return why a member is not opened: a password, a size that no such file has."""
    if info.flag_bits & ENCRYPTED:
        return "is encrypted"
    if info.file_size > MOST_BYTES_OF_A_TABLE:
        return f"unpacks to {info.file_size:,} bytes, more than {MOST_BYTES_OF_A_TABLE:,}"
    if info.file_size > TOO_SMALL_FOR_A_BOMB_BYTES and info.file_size > MOST_EXPANSION * max(info.compress_size, 1):
        return OUT_OF_PROPORTION
    return None


def need_paths(source: str, paths: Iterable[Path], what: str) -> None:
    """Raise IngestError where no path was given."""
    if not list(paths):
        raise IngestError(f"{source} needs --from: {what}")


def conclude(outcome: Outcome) -> Outcome:
    """Return the outcome of a run that read something. Raises IngestError where nothing could be read."""
    if outcome.read > outcome.rejected:
        return outcome
    if not outcome.rejects:
        raise IngestError("nothing to read there")
    first, others = outcome.rejects[0], max(outcome.rejected, len(outcome.rejects)) - 1
    if any(reject.line for reject in outcome.rejects):
        raise IngestError(f"none of the {outcome.read:,} rows could be read; the first fault: {first}")
    raise IngestError(f"nothing could be read: {first}" + (f" (and {others:,} more)" if others else ""))
