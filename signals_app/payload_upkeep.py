"""Looking after what is kept of the sources: counting it, checking it, and deleting superseded versions.

The newest version of an address answers the next conditional request and stays; so does every one that no run has read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.utils import timezone

from signals_app.ingest.live import LIVE
from signals_app.raw_payloads import BLOCK_BYTES, place_of
from signals_app.source_models import RawPayload

FOLDERS_DEEP = 2
NEW_FILES_ARE_SPARED = timedelta(days=1)

# The newest version of an address is the one that was fetched or confirmed last.
_RANKED = """
SELECT id, source, sha256, size_bytes, fetched_at, ingested_at,
       row_number() OVER (PARTITION BY source, url ORDER BY fetched_at DESC, id DESC) AS age,
       lead(fetched_at) OVER (PARTITION BY source, url ORDER BY fetched_at, id) AS superseded_at
FROM raw_payloads
"""
_INFO = f"""
SELECT source, count(*) FILTER (WHERE age = 1) AS addresses, count(*) AS versions, sum(size_bytes)::bigint AS bytes,
       count(*) FILTER (WHERE age > 1) AS superseded,
       coalesce(sum(size_bytes) FILTER (WHERE age > 1), 0)::bigint AS superseded_bytes
FROM ({_RANKED}) AS ranked GROUP BY source ORDER BY source
"""  # noqa: S608  (constants only)
_OLD = f"""
SELECT id FROM ({_RANKED}) AS ranked
WHERE age > 1 AND superseded_at < %(before)s AND (ingested_at IS NOT NULL OR NOT source = ANY(%(read)s))
  AND (%(sources)s::text[] = '{{}}' OR source = ANY(%(sources)s))
"""  # noqa: S608


@dataclass(frozen=True)
class Pruned:
    """How many versions and files were deleted, and how many bytes that frees."""

    versions: int
    files: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        return asdict(self)


def info() -> list[dict[str, Any]]:
    """Return, for each source, its addresses, versions and bytes, and how much of that is superseded."""
    with connection.cursor() as cursor:
        cursor.execute(_INFO)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def check() -> tuple[int, list[str]]:
    """Read every kept content and return how many there are, and a line for each that is lost or damaged."""
    faults, checked = [], 0
    rows = RawPayload.objects.order_by("sha256", "id").distinct("sha256")
    for row in rows.iterator():
        checked += 1
        digest = _digest(storages["raw"], place_of(row.sha256))
        if digest is None:
            faults.append(f"{row.source} {row.name} ({row.url}): the bytes are gone")
        elif digest != row.sha256:
            faults.append(f"{row.source} {row.name} ({row.url}): the bytes are not the ones that came")
    return checked, faults


def _digest(storage: Storage, place: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with storage.open(place) as kept:
            while block := kept.read(BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def prune(*, before: datetime, sources: Collection[str] = (), dry_run: bool = False) -> Pruned:
    """Delete versions that another one superseded before the instant, and files that no version refers to.

    The rows go first: killed half-way, it leaves files without a row, which the next time takes along.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLD, {"before": before, "sources": list(sources), "read": list(LIVE)})
        old = [row[0] for row in cursor.fetchall()]
    doomed = RawPayload.objects.filter(pk__in=old)
    digests = dict(doomed.values_list("sha256", "size_bytes"))
    if dry_run:
        return _sum(len(old), {place_of(digest): size for digest, size in _unused(digests, old).items()} | _orphans())
    doomed.delete()
    with transaction.atomic():
        # Whoever keeps the same content now waits for its row, and then stores it again.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE raw_payloads IN SHARE ROW EXCLUSIVE MODE")
        unused = {place_of(digest): size for digest, size in _unused(digests, ()).items()} | _orphans()
        for place in unused:
            storages["raw"].delete(place)
    return _sum(len(old), unused)


def _sum(versions: int, files: dict[str, int]) -> Pruned:
    return Pruned(versions, len(files), sum(files.values()))


def _unused(digests: dict[str, int], without: Collection[UUID]) -> dict[str, int]:
    """Return those of the contents that no version but the ones left out refers to."""
    rows = RawPayload.objects.filter(sha256__in=digests).exclude(pk__in=without)
    used = set(rows.values_list("sha256", flat=True))
    return {digest: size for digest, size in digests.items() if digest not in used}


def _orphans() -> dict[str, int]:
    """Return the files of yesterday and before that no version refers to: what a killed process left."""
    storage, found = storages["raw"], {}
    latest = timezone.now() - NEW_FILES_ARE_SPARED
    known = set(RawPayload.objects.values_list("sha256", flat=True))
    for place in _files(storage, "", FOLDERS_DEEP):
        if place.rsplit("/", 1)[1] not in known and storage.get_modified_time(place) < latest:
            found[place] = storage.size(place)
    return found


def _files(storage: Storage, folder: str, deeper: int) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # nothing has been stored yet
        return
    if deeper:
        for name in folders:
            yield from _files(storage, f"{folder}{name}/", deeper - 1)
    else:
        yield from (f"{folder}{name}" for name in files)
