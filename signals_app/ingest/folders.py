"""The regular files at and below a path, each folder once, in order of their names."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from signals_app.ingest.base import ParseError


@dataclass(frozen=True)
class Found:
    """A regular file: `name` is its own, or its way down from the path that was given; `folder` where it was met."""

    path: Path
    name: str
    folder: Path | None = None


@dataclass
class _Walk:
    wanted: Callable[[str], bool]
    been: set[Path] = field(default_factory=set)

    def folder(self, folder: Path, before: str) -> Iterator[Found | ParseError]:
        """Yield the wanted files of a folder, then those of the folders in it; links in a circle end."""
        real = folder.resolve()
        if real in self.been:
            return
        self.been.add(real)
        try:
            inside = sorted(item for item in folder.iterdir() if not item.name.startswith("."))
        except OSError as error:
            yield ParseError(before.rstrip("/") or str(folder), None, _why_not(error))
            return
        folders = [item for item in inside if item.is_dir()]
        for item in inside:
            if item not in folders and self.wanted(item.name):
                yield _regular(item, f"{before}{item.name}", folder)
        for item in folders:
            yield from self.folder(item, f"{before}{item.name}/")


def below(path: Path, wanted: Callable[[str], bool]) -> Iterator[Found | ParseError]:
    """Yield the file at the path, whatever its name, or those below the folder whose bare name is wanted.

    Hidden files are left out. What is no regular file, or may not be looked at, is a ParseError.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name too long for the file system
        yield ParseError(str(path), None, _why_not(error))
        return
    if is_folder:
        yield from _Walk(wanted).folder(path, "")
    else:
        found = _regular(path, path.name)
        # What was named by hand is called as it was named.
        yield found if isinstance(found, Found) else ParseError(str(path), None, found.reason)


def _regular(path: Path, name: str, folder: Path | None = None) -> Found | ParseError:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return ParseError(name, None, "is a broken link" if path.is_symlink() else _why_not(error))
    if not stat.S_ISREG(mode):
        return ParseError(name, None, "is no regular file but a pipe, a socket or a device")
    return Found(path, name, folder)


def _why_not(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    return f"cannot be looked at ({(error.strerror or type(error).__name__).lower()})"
