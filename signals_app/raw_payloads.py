"""Keeping what the sources answered, byte for byte, so that a run can be repeated without asking them again.

The storage `raw` holds each content once, under its SHA-256; the table `raw_payloads` says which address answered it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db.models.functions import Now

from biotech_ma.core.http import Answer
from signals_app.source_models import RawPayload

BLOCK_BYTES = 1024**2


class PayloadError(Exception):
    """The kept bytes are gone or are not the ones that came; one line."""


def keep(*, source: str, name: str, answer: Answer) -> RawPayload:
    """Keep an answer's body and return its row; the same body from the same address is confirmed, not doubled."""
    if answer.path is None:
        raise ValueError("an answer without a body has nothing to keep")
    _store(answer.path, answer.sha256, answer.size_bytes)
    row, _ = RawPayload.objects.update_or_create(
        source=source,
        url=answer.url,
        sha256=answer.sha256,
        defaults={
            "fetched_at": answer.fetched_at,
            "etag": answer.validators.etag,
            "last_modified": answer.validators.last_modified,
            "status": answer.status,
        },
        create_defaults={
            "name": name,
            "size_bytes": answer.size_bytes,
            "fetched_at": answer.fetched_at,
            "etag": answer.validators.etag,
            "last_modified": answer.validators.last_modified,
            "status": answer.status,
        },
    )
    # Pruning may have deleted the file before the row was there to keep it.
    _store(answer.path, answer.sha256, answer.size_bytes)
    return row


def confirm(row: RawPayload, answer: Answer) -> None:
    """Note that the kept version is still the newest."""
    RawPayload.objects.filter(pk=row.pk).update(fetched_at=answer.fetched_at)


def mark_ingested(rows: Iterable[RawPayload]) -> None:
    """Note that a run which read these has come to its end."""
    RawPayload.objects.filter(pk__in=[row.pk for row in rows]).update(ingested_at=Now())


def is_kept(row: RawPayload) -> bool:
    """Return whether the storage holds the bytes in full length."""
    storage, place = storages["raw"], place_of(row.sha256)
    return storage.exists(place) and storage.size(place) == row.size_bytes


def fetch_out(row: RawPayload, folder: Path) -> Path:
    """Return a file with the kept bytes, under their own name in the folder.

    Raises PayloadError where the storage lost them or holds others.
    """
    path, digest = folder / row.name, hashlib.sha256()
    try:
        with storages["raw"].open(place_of(row.sha256)) as kept, path.open("wb") as file:
            while block := kept.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
    except OSError as error:
        raise PayloadError(f"{row.url}: its kept bytes cannot be read ({type(error).__name__})") from error
    if digest.hexdigest() != row.sha256:
        path.unlink()
        raise PayloadError(f"{row.url}: its kept bytes are not the ones that came")
    return path


def place_of(sha256: str) -> str:
    """Return where the storage keeps a content: 65,536 folders at most, so that none grows endless."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _store(path: Path, sha256: str, size_bytes: int) -> None:
    """Put a file into the storage unless it is there in full. A killed process leaves a short one: it is replaced."""
    storage, place = storages["raw"], place_of(sha256)
    if storage.exists(place):
        if storage.size(place) == size_bytes:
            return
        storage.delete(place)
    if _move(storage, path, place):
        return
    with path.open("rb") as stream:
        saved = storage.save(place, File(stream))
    if saved != place:  # another process was first
        storage.delete(saved)


def _move(storage: Storage, path: Path, place: str) -> bool:
    """Put the file in place by one rename where the storage is a folder, so that no reader sees half of it."""
    try:
        target = Path(storage.path(place))
    except NotImplementedError:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{path.name}")
    shutil.copyfile(path, beside)
    beside.replace(target)
    return True
