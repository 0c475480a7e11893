"""Reading delimited files that may be wrong: half-written, of another encoding, with stray quotes or endless lines.

Pure. A row that cannot be read becomes a ParseError with its line; the rows around it are read all the same. A physical
line is a row: none of the sources' files has line breaks inside a field, and a stray quote must not swallow the file.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from signals_app.ingest.base import IngestError, ParseError

LONGEST_LINE_BYTES = 64 * 1024
ARCHIVE_FAULTS = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, OSError)


@dataclass(frozen=True)
class Resource:
    """A file to read, alone or inside a zip, plain or gzipped. `name` is what messages call it."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The file's name; inside a zip, with the zip's."""
        return f"{self.path.name}:{self.member}" if self.member else self.path.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file's bytes, unpacked, and close all layers afterwards. Raises OSError and the archive faults."""
        with ExitStack() as layers:
            if self.member:
                raw = layers.enter_context(layers.enter_context(zipfile.ZipFile(self.path)).open(self.member))
            else:
                raw = layers.enter_context(self.path.open("rb"))
            yield cast("IO[bytes]", layers.enter_context(gzip.GzipFile(fileobj=raw))) if self.is_gzipped else raw

    @property
    def is_gzipped(self) -> bool:
        """Whether the bytes are packed once more."""
        return (self.member or self.path.name).endswith(".gz")


@dataclass(frozen=True)
class Line:
    """A row with the number of its line, header = 1."""

    number: int
    fields: tuple[str, ...]


def resources(paths: Iterable[Path], suffixes: Sequence[str]) -> list[Resource]:
    """Return the files behind paths of files, folders and zips, those of the suffixes, sorted within a folder.

    Raises IngestError for a path that does not exist or an archive that cannot be opened.
    """
    found: list[Resource] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if item.is_file() and item.name.endswith(tuple(suffixes)))
            found.extend(Resource(item) for item in inside)
        elif path.suffix == ".zip" and path.is_file():
            found.extend(Resource(path, member) for member in _members(path, suffixes))
        elif path.is_file():
            found.append(Resource(path))
        else:
            raise IngestError(f"{path}: no such file or folder")
    return found


def _members(path: Path, suffixes: Sequence[str]) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(name for name in archive.namelist() if name.endswith(tuple(suffixes)))
    except (zipfile.BadZipFile, OSError) as error:
        raise IngestError(f"{path.name}: not a readable zip ({error})") from error


def header(resource: Resource, delimiter: str = ",") -> tuple[str, ...]:
    """Return the column names of a file's first line. Raises IngestError where there is none that can be read."""
    try:
        with resource.open() as stream:
            first = stream.readline(LONGEST_LINE_BYTES)
    except ARCHIVE_FAULTS as error:
        raise IngestError(f"{resource.name}: cannot be read ({_plainly(error)})") from error
    try:
        text = first.decode("utf-8-sig").strip("\r\n")
        return tuple(name.strip() for name in _fields(text, delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise IngestError(f"{resource.name}: line 1 is no header in UTF-8") from error


def lines(resource: Resource, columns: int, delimiter: str = ",") -> Iterator[Line | ParseError]:
    """Yield the rows after the header, faulty ones as ParseError. A damaged archive ends with one of no line."""
    with resource.open() as stream:
        number = 0
        while True:
            number += 1
            try:
                raw = stream.readline(LONGEST_LINE_BYTES + 1)
            except ARCHIVE_FAULTS as error:
                yield ParseError(resource.name, None, f"the file ends early or is damaged ({_plainly(error)})")
                return
            if not raw:
                return
            overlong = len(raw) > LONGEST_LINE_BYTES
            while overlong and raw and not raw.endswith(b"\n"):
                raw = stream.readline(LONGEST_LINE_BYTES)
            if number > 1 and (overlong or raw.strip()):
                if overlong:
                    yield ParseError(resource.name, number, f"longer than {LONGEST_LINE_BYTES} bytes")
                else:
                    yield _line(resource.name, number, raw, columns, delimiter)


def _line(name: str, number: int, raw: bytes, columns: int, delimiter: str) -> Line | ParseError:
    if b"\x00" in raw:
        return ParseError(name, number, "contains a NUL byte")
    try:
        fields = _fields(raw.decode("utf-8").rstrip("\r\n"), delimiter)
    except UnicodeDecodeError:
        return ParseError(name, number, "is not UTF-8")
    except csv.Error as error:
        return ParseError(name, number, f"is no delimited row ({error})")
    if len(fields) != columns:
        return ParseError(name, number, f"has {len(fields)} columns, expected {columns}")
    return Line(number, tuple(fields))


def _fields(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    return next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), [])


def _plainly(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
