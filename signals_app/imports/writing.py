"""Writes a plan: set-wise, by the services and merge rules of every other source, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import batched
from typing import Any

from django.db import connection, models

from biotech_ma.core.services import Refused
from companies.models import Company, DrugCandidate
from companies.services import tell_of_edit
from signals_app.curated import follow_edits, load_edited_figures
from signals_app.imports.plan import Plan
from signals_app.ingest.merge.market_caps import keep_market_caps
from signals_app.ingest.merge.refused import queue_refusals
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.services import correct_signal, record_signal

_UPDATE = "UPDATE {table} AS t SET {sets} FROM stage_import AS s WHERE t.id = s.id"
BATCH, STEP = 1000, 100


def write(
    plan: Plan, *, is_curated: bool, reason: str = "", progress: Callable[[int], None] = lambda done: None
) -> None:
    """Write what the plan holds, and tell of each batch how many rows are written by then.

    Raises IntegrityError where another change has taken a key meanwhile.
    """
    _lock(plan)
    done = _Done(progress)
    companies = [row for row in (*plan.new, *plan.changed) if isinstance(row, Company)]
    befores = [plan.befores[row.pk] for row in companies if row.pk in plan.befores]
    nothing = Company()
    edits = [(plan.befores.get(row.pk, nothing), row) for row in companies]
    followed = follow_edits(edits)
    for row in companies:
        if row in plan.changed:
            plan.changed[row].update(followed)
    if not is_curated:
        # What the row held on an earlier day stays known.
        keep_market_caps(before for before in befores if before.market_cap_usd is not None)
    for model in {type(row) for row in plan.new}:
        for batch in batched((row for row in plan.new if type(row) is model), BATCH, strict=False):
            model._base_manager.bulk_create(batch)
            done.more(len(batch))
    for model in {type(row) for row in plan.changed}:
        rows = {row: names for row, names in plan.changed.items() if type(row) is model}
        names = sorted(set().union(*rows.values()))
        for batch in batched(rows, BATCH, strict=False):
            update_rows(model, batch, names)
            done.more(len(batch))
    if is_curated:
        load_edited_figures(edits)
    else:
        keep_market_caps(companies)
    _tell_of(plan)
    for planned, event in plan.events:
        planned.subject = record_signal(**event).pk
        done.more(1)
    for signal, changes in plan.corrections:
        correct_signal(signal=signal, changes=changes, reason=reason)
        done.more(1)
    queue_refusals(plan.refusals)
    settle_reviews()


class _Done:
    """How many rows are written; told in steps, for each costs a round trip."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self.progress, self.rows, self.told = progress, 0, 0

    def more(self, rows: int) -> None:
        """Count rows that were written just now."""
        self.rows += rows
        if self.rows - self.told >= STEP:
            self.told = self.rows
            self.progress(self.rows)


def _tell_of(plan: Plan) -> None:
    """Have scores follow what the file changes, and what it adds."""
    for model in (Company, DrugCandidate):
        changed = [name for row, names in plan.changed.items() if type(row) is model for name in names]
        added = model.score_fields if any(type(row) is model for row in plan.new) else ()
        tell_of_edit(model, (*changed, *added))


def _lock(plan: Plan) -> None:
    """Lock the rows that change. Raises Refused where somebody changed one since it was read."""
    for model in {type(row) for row in plan.changed}:
        rows = {row.pk: row for row in plan.changed if type(row) is model}
        held = model._base_manager.select_for_update(no_key=True).filter(pk__in=list(rows)).order_by("pk")
        for key, stamp in held.values_list("pk", "updated_at"):
            if rows[key].updated_at != stamp:
                raise Refused(f"{rows[key]} was changed by somebody else just now: check the file again.")


def update_rows(model: type[models.Model], rows: Sequence[Any], names: Sequence[str]) -> None:
    """Set these columns of the rows in one statement: their values are copied into a temporary table first."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    listed = ", ".join(quote(field.column) for field in (model._meta.pk, *fields) if field is not None)
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS stage_import")
        cursor.execute(f"CREATE TEMPORARY TABLE stage_import ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0")  # noqa: S608
        with cursor.copy(f"COPY stage_import ({listed}) FROM STDIN") as copy:
            for row in rows:
                values = (field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields)
                copy.write_row((row.pk, *values))
        sets = ", ".join(f"{quote(field.column)} = s.{quote(field.column)}" for field in fields)
        cursor.execute(_UPDATE.format(table=table, sets=sets))
