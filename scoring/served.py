"""A score's drivers, risks and metadata as the API sends them: worked out in SQL, and kept ready for latest scores.

A trigger writes a row of `served_scores` whenever a latest score is written, in the same statement; an older score, and
one whose row is of another form than this code's, is made whole when it is read (docs/adr/0038).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from scoring.record import DEFAULTS, PART_LABELS, PLACE


def constant(value: Any) -> str:
    """Return a JSON constant that the server reads once a statement: as a parameter it would be parsed in each row."""
    text = json.dumps(value).replace("'", "''")
    return f"'{text}'::jsonb"


# A contribution as it is served, from how it is kept: scoring/record.py does the same for rows in memory. What all
# contributions of a feature share is merged beforehand; one of a feature that is gone has its own name for a label.
SHARED = {name: {**DEFAULTS, "label": label} for name, label in PART_LABELS.items()}
_UNKNOWN = "defaults || jsonb_build_object('label', part -> 'feature')"
_WHOLE = (
    f"(coalesce(shared -> ((part ->> 'component') || '.' || (part ->> 'feature')), {_UNKNOWN}) || part) - '{PLACE}'"
)

# Contributions above (below) zero, in the order in which they are kept: largest first.
PARTS = (
    "(SELECT coalesce(jsonb_agg("  # noqa: S608
    f"CASE WHEN part ? '{PLACE}' THEN {_WHOLE} ELSE part END ORDER BY place), '[]'::jsonb)"
    " FROM (VALUES ({values})) AS row(kept, defaults, shared),"
    " jsonb_array_elements(row.kept) WITH ORDINALITY AS each(part, place))"
)
# What stands beside the score, with all contributions in the order of the explanation.
METADATA = (
    "(SELECT CASE WHEN m ? 'neutral' THEN (m - 'neutral') || jsonb_build_object('contributions', ("  # noqa: S608
    f"SELECT coalesce(jsonb_agg({_WHOLE} ORDER BY part -> '{PLACE}'), '[]'::jsonb)"
    " FROM jsonb_array_elements(drivers || risks || (m -> 'neutral')) AS each(part))) ELSE m END"
    " FROM (VALUES ({values})) AS row(m, drivers, risks, defaults, shared))"
)

_CONSTANTS = f"{constant(DEFAULTS)}, {constant(SHARED)}"
_COLUMNS = {
    "key_drivers": PARTS.format(values=f"s.key_drivers, {_CONSTANTS}"),
    "risk_factors": PARTS.format(values=f"s.risk_factors, {_CONSTANTS}"),
    "metadata": METADATA.format(values=f"s.metadata, s.key_drivers, s.risk_factors, {_CONSTANTS}"),
}
# Changes with everything that the text of a row depends on: labels, defaults, the statements themselves.
FORM = hashlib.sha256(json.dumps(_COLUMNS).encode()).hexdigest()[:16]

_NAMES = ", ".join(_COLUMNS)


def _write(source: str) -> str:
    return f"""INSERT INTO public.served_scores (score_id, form, {_NAMES})
    SELECT s.id, '{FORM}', {", ".join(f"{made}::json" for made in _COLUMNS.values())}
    FROM {source}
    ON CONFLICT (score_id) DO UPDATE
    SET (form, {_NAMES}) = (EXCLUDED.form, {", ".join(f"EXCLUDED.{name}" for name in _COLUMNS)})"""  # noqa: S608


CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION public.serve_score() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $serve$
BEGIN
    IF NOT NEW.is_latest THEN
        DELETE FROM public.served_scores WHERE score_id = NEW.id;
        RETURN NULL;
    END IF;
    {_write("(SELECT NEW.id, NEW.key_drivers, NEW.risk_factors, NEW.metadata) AS s")};
    RETURN NULL;
END $serve$
"""  # noqa: S608
DROP_FUNCTION = "DROP FUNCTION IF EXISTS public.serve_score()"
FILL = _write(
    f"""public.ma_scores AS s WHERE s.is_latest AND NOT EXISTS (
        SELECT FROM public.served_scores AS held WHERE held.score_id = s.id AND held.form = '{FORM}')"""
)


def keep_in_step(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Bring the trigger's function and what it has written to this code's form. Twice is no error.

    Runs after the migrations, so that a label or a default that changes needs none of its own.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT strpos(prosrc, %s) > 0 FROM pg_proc WHERE oid = to_regprocedure('public.serve_score()')", [FORM]
        )
        found = cursor.fetchone()
        # None: the database has been taken back to before there was such a function.
        if found is not None and not found[0]:
            cursor.execute(CREATE_FUNCTION)
            cursor.execute(FILL)
