"""How often each of the large tables has changed: a number that grows with every transaction that wrote to it.

What was read from a table is still true while its number is the same (docs/adr/0024). The number is a sum over rows, of
which each writing transaction takes one that no other holds: writers never wait for each other, and a transaction's
change is seen with its rows, neither before nor after.
"""

from __future__ import annotations

from functools import lru_cache

from django.db import models

# Tables with the trigger COUNT_CHANGE of core/models.py.
COUNTED = frozenset({"companies", "drug_candidates", "signals", "ma_scores", "served_scores", "acquirer_matches"})

# Once a transaction and table. What a savepoint takes back, it takes back of the setting and of the count alike.
# Under REPEATABLE READ a row that another has changed since would end the transaction, so it gets a new one.
CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION public.count_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    counted constant text := 'biotech_ma.counted_' || TG_TABLE_NAME;
    this constant text := pg_current_xact_id()::text;
    free bigint;
BEGIN
    IF current_setting(counted, true) IS NOT DISTINCT FROM this THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') = 'read committed' THEN
        SELECT id INTO free FROM public.change_counts
        WHERE table_name = TG_TABLE_NAME LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF free IS NULL THEN
        -- The first row begins anywhere: tables that were emptied do not count again as they did before.
        INSERT INTO public.change_counts (table_name, changes)
        SELECT TG_TABLE_NAME, CASE WHEN count(*) = 0 THEN floor(random() * 1e15)::bigint ELSE 1 END
        FROM public.change_counts WHERE table_name = TG_TABLE_NAME;
    ELSE
        UPDATE public.change_counts SET changes = changes + 1 WHERE id = free;
    END IF;
    PERFORM set_config(counted, this, true);
    RETURN NULL;
END $$
"""
DROP_FUNCTION = "DROP FUNCTION IF EXISTS public.count_change()"

# The server's start and the database's own number stand beside the sum: a server that came back from a crash, or a
# database that was restored, may count the same way anew.
_STATE = """(
    SELECT concat(coalesce(sum(changes), 0), ' ', extract(epoch FROM pg_postmaster_start_time()), ' ',
                  (SELECT oid FROM pg_database WHERE datname = current_database()))
    FROM change_counts WHERE table_name IN ({tables})
)"""


class ChangeCount(models.Model):
    """A share of the changes of one table; all rows of a table together are its number."""

    id = models.BigAutoField(primary_key=True, db_comment="Tells the rows of a table apart.")
    table_name = models.CharField(max_length=63, db_comment="The table that was written to.")
    changes = models.BigIntegerField(db_comment="Transactions that wrote to it and took this row.")

    class Meta:
        app_label = "core"
        db_table = "change_counts"
        db_table_comment = "Transactions that wrote to each of the large tables, in shares: their sum is the number."

    def __str__(self) -> str:
        return f"{self.table_name} {self.changes}"


@lru_cache(maxsize=64)
def state_of(tables: frozenset[str]) -> str:
    """Return the SQL of a text that is the same as long as nothing of these tables has changed.

    Raises ValueError for a table whose changes nobody counts.
    """
    if not tables or not COUNTED.issuperset(tables):
        raise ValueError(f"not counted: {', '.join(sorted(set(tables) - COUNTED)) or 'no table'}")
    return _STATE.format(tables=", ".join(f"'{table}'" for table in sorted(tables)))
