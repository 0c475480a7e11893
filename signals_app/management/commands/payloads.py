"""`manage.py payloads`: what is kept of the sources' answers, whether it is whole, and pruning of old versions."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from biotech_ma.core.management.base import DeskCommand, add_verb
from biotech_ma.core.postgres.present import size
from signals_app.ingest.live import LIVE
from signals_app.payload_upkeep import Pruned, check, info, prune

LEAST_DAYS, MOST_DAYS = 1, 36_500


class Command(DeskCommand):
    """Looks after the raw payloads. The newest version of every address stays, and so does what no run has read yet."""

    help = (
        "What is kept of the sources' answers (storage `raw`): how much, whether it is whole, and pruning old versions."
    )
    examples = (
        "payloads info                                    versions and bytes by source",
        "payloads check                                   reads every byte; names what is lost or damaged",
        "payloads prune --older-than 365 --dry-run        what a year's pruning would free",
        "payloads prune --older-than 365 --source edgar-index",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add_verb(verbs, "info", summary="count versions and bytes by source", examples=("payloads info --json",))
        add_verb(
            verbs,
            "check",
            summary="read every kept byte and name what is lost or damaged",
            examples=("payloads check",),
        )
        pruning = add_verb(
            verbs,
            "prune",
            summary="delete superseded versions, and bytes that nothing refers to",
            examples=("payloads prune --older-than 365 --dry-run",),
        )
        pruning.add_argument(
            "--older-than",
            dest="days",
            type=_days,
            required=True,
            metavar="DAYS",
            help="only versions that were last the newest so many days ago; they can then not be replayed any more",
        )
        pruning.add_argument(
            "--source", dest="sources", action="append", choices=sorted(LIVE), metavar="SOURCE",
            help="only of this source; may be repeated",
        )  # fmt: skip
        pruning.add_argument("--dry-run", action="store_true", help="report what would be deleted, and keep it")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _info(self, options: dict[str, Any]) -> None:
        rows = info()
        if options["json"]:
            self.stdout.write(json.dumps({"sources": rows}))
            return
        for row in rows:
            whole = f"{row['versions']:,} versions of {row['addresses']:,} addresses, {size(row['bytes'])}"
            old = f"{row['superseded']:,} superseded, {size(row['superseded_bytes'])}"
            self.stdout.write(f"{row['source']}: {whole}; {old}")
        if not rows:
            self.stdout.write("nothing is kept: no source has been fetched live yet")

    def _check(self, options: dict[str, Any]) -> None:
        checked, faults = check()
        if options["json"]:
            self.stdout.write(json.dumps({"checked": checked, "faults": faults}))
        else:
            self.stdout.write(f"{checked:,} contents checked, {len(faults):,} lost or damaged")
            for fault in faults:
                self.notes.write(f"{fault}\n")
        if faults:
            raise CommandError(
                f"{len(faults):,} of {checked:,} are lost or damaged: the next live run fetches them anew"
            )

    def _prune(self, options: dict[str, Any]) -> None:
        before = timezone.now() - timedelta(days=options["days"])
        pruned: Pruned = prune(before=before, sources=options["sources"] or (), dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(pruned.to_json()))
            return
        verb = "would be deleted" if options["dry_run"] else "deleted"
        self.stdout.write(f"{pruned.versions:,} versions and {pruned.files:,} files {verb}, {size(pruned.bytes)} freed")


def _days(text: str) -> int:
    if not text.isdecimal() or not LEAST_DAYS <= int(text) <= MOST_DAYS:
        raise ArgumentTypeError(f"{text!r} is no number of days from {LEAST_DAYS} to {MOST_DAYS:,}")
    return int(text)
