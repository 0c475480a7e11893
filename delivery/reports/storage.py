"""Where finished reports lie: files on disk or a bucket, as REPORTS_STORAGE_URL says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.core.files.storage.handler import InvalidStorageError

from delivery.models import Report

DOWNLOAD_SECONDS = 300


class StorageRefused(Exception):
    """The storage did not take the report, or gave none back: why, in one line."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a report lies: the path on disk, or bucket and key; and its size."""

    local_path: str | None
    s3_bucket: str | None
    s3_key: str | None
    file_size_bytes: int


def keep(name: str, body: bytes, media_type: str) -> Kept:
    """Put the report into the storage under the name, in the place of an earlier one. Raises StorageRefused."""
    storage = _storage()
    content = ContentFile(body, name=name)
    content.content_type = media_type  # type: ignore[attr-defined]  # the bucket tells it to browsers
    try:
        kept = storage.save(name, content)
    except Exception as error:
        raise StorageRefused(f"the storage refused {name}: {_line(error)}") from error
    if isinstance(storage, FileSystemStorage):
        return Kept(storage.path(kept), None, None, len(body))
    bucket: Any = storage
    key = "/".join(filter(None, [bucket.location.strip("/"), kept]))
    return Kept(None, bucket.bucket_name, key, len(body))


def link(report: Report, *, seconds: int) -> str | None:
    """Return a signed link to the report, None where it lies on disk. Raises StorageRefused."""
    if not report.s3_key:
        return None
    bucket: Any = _storage()
    if isinstance(bucket, FileSystemStorage) or bucket.bucket_name != report.s3_bucket:
        raise StorageRefused(f"the report lies in {report.s3_bucket}, which REPORTS_STORAGE_URL does not name any more")
    name = report.s3_key.removeprefix(f"{bucket.location.strip('/')}/") if bucket.location else report.s3_key
    try:
        return str(bucket.url(name, expire=seconds))
    except Exception as error:
        raise StorageRefused(f"no link to the report can be signed: {_line(error)}") from error


def read(report: Report) -> bytes:
    """Return the report's bytes from disk. Raises StorageRefused where they are not there."""
    try:
        return Path(report.local_path or "").read_bytes()
    except OSError as error:
        raise StorageRefused(f"the file is not there any more: {error.strerror}; run the report again") from error


def _storage() -> Storage:
    try:
        return storages["reports"]
    except InvalidStorageError as error:
        raise StorageRefused(
            "REPORTS_STORAGE_URL names a bucket, and the extra is not installed: run `uv sync --extra s3`"
        ) from error
    except ImportError as error:
        raise StorageRefused(f"the storage cannot be used: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
