"""Fills a database of its own with a generated universe, the same bytes for the same seed.

    BIOTECH_MA_DATA_DIR=/some/folder uv run python -m tests.bench.fill [--seed 7] [--times 10]

5,000 companies, 25,000 drug candidates, 1,000,000 signals and 500,000 scores; `--times 10` has ten times the signals
and scores, in the same years. Run again it adds what is missing, so that a filled database can grow. Nothing of it can
be taken for real: companies are called "Generated company …" with tickers GEN…, and `source` is "generated". A database
with companies of any other name is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

COMPANIES, CANDIDATES, SIGNALS, SCORES = 5_000, 25_000, 1_000_000, 500_000
VARIANTS = 200
BATCH = 1_000_000
LAST_DAY = "2026-06-30"
SIGNALS_SINCE = "2016-07-01"

# r: evenly spread over [0, 1); pick: one of the words; uid: version 7, of that moment; moment: of the nth of `base`
# signals between the two ends, those beyond `base` a little after.
FUNCTIONS = """
CREATE FUNCTION pg_temp.r(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT (hashint8extended(n, salt) & 9007199254740991)::float8 / 9007199254740992 $$;
CREATE FUNCTION pg_temp.pick(words text[], at float8) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT words[1 + floor(at * array_length(words, 1))::int] $$;
CREATE FUNCTION pg_temp.uid(kind text, n bigint, moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7' || left(d, 3) || '8'
            || substr(d, 4, 15))::uuid FROM md5(kind || n) AS d
$$;
CREATE FUNCTION pg_temp.moment(n bigint, base bigint, since timestamptz, last timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$
    SELECT since + (last - since) * ((((n - 1) % base) + ((n - 1) / base) * 0.09) / base)::float8
$$;
"""
COMPANY_ROWS = """
INSERT INTO companies (id, ticker, name, role, market_cap_usd, market_cap_as_of, cash_position_usd,
    quarterly_burn_rate_usd, total_debt_usd, runway_quarters, enterprise_value_usd, therapeutic_areas, founded_year,
    employee_count, headquarters_location, is_cash_constrained, metadata, field_sources)
SELECT pg_temp.uid('company', n, %(start)s), 'GEN' || lpad(n::text, 5, '0'),
       'Generated company ' || lpad(n::text, 5, '0'),
       CASE WHEN pg_temp.r(n, s + 1) < 0.85 THEN 'target' WHEN pg_temp.r(n, s + 1) < 0.9 THEN 'acquirer'
            ELSE 'excluded' END,
       cap, %(last)s, cash, burn, debt, round(cash / burn, 2), cap + debt - cash,
       (SELECT jsonb_agg(DISTINCT pg_temp.pick(%(areas)s, pg_temp.r(n, s + 10 + k)))
        FROM generate_series(0, (3 * pg_temp.r(n, s + 2))::int) AS k),
       1970 + (55 * pg_temp.r(n, s + 3))::int, 20 + (3000 * pg_temp.r(n, s + 4) ^ 3)::int, 'Generated town',
       cash / burn < 4, jsonb_build_object('generated', true, 'seed', %(seed)s::int),
       '{"market_cap_usd": {"source": "generated", "id": null, "as_of": null}}'
FROM (SELECT n, %(seed)s::bigint * 1000 AS s FROM generate_series(1, %(rows)s) AS n) AS each,
     LATERAL (SELECT round((2e7 * exp(7.5 * pg_temp.r(n, s + 5)))::numeric, 2) AS cap,
                     round((5e6 * exp(5 * pg_temp.r(n, s + 6)))::numeric, 2) AS cash,
                     round((1e6 * exp(4 * pg_temp.r(n, s + 7)))::numeric, 2) AS burn,
                     round((1e8 * pg_temp.r(n, s + 8) ^ 4)::numeric, 2) AS debt) AS money
"""
CANDIDATE_ROWS = """
INSERT INTO drug_candidates (id, company_id, name, phase, indication, mechanism, therapeutic_area, patent_expiry,
    orphan_designation, next_milestone, next_milestone_date, additional_data, field_sources)
SELECT pg_temp.uid('candidate', n, %(start)s), pg_temp.uid('company', 1 + n %% %(companies)s, %(start)s), 'GEN-' || n,
       pg_temp.pick(%(phases)s, pg_temp.r(n, s + 21)), 'generated indication ' || (n %% 300),
       'generated mechanism ' || (n %% 90), pg_temp.pick(%(areas)s, pg_temp.r(n, s + 22)),
       DATE '2027-01-01' + (5000 * pg_temp.r(n, s + 23))::int, pg_temp.r(n, s + 24) < 0.2, 'generated readout',
       DATE %(last)s + (900 * pg_temp.r(n, s + 25))::int, '{"generated": true}',
       '{"phase": {"source": "generated", "id": null, "as_of": null}}'
FROM (SELECT n, %(seed)s::bigint * 1000 AS s FROM generate_series(1, %(rows)s) AS n) AS each
"""
# Some companies have many signals, most have few; every 200th signal corrects the one before it.
SIGNAL_ROWS = """
INSERT INTO signals (id, company_id, signal_type, event_date, available_at, supersedes_id, severity, confidence, title,
    description, source, source_id, source_url, signal_data, ma_impact_score, created_at, updated_at)
SELECT pg_temp.uid('signal', n, moment), pg_temp.uid('company', owner, %(start)s),
       pg_temp.pick(%(types)s, pg_temp.r(n, s + 31)), moment, moment + interval '4 hours',
       CASE WHEN n %% 200 = 0 THEN pg_temp.uid('signal', n - 1, moment_of_last) END,
       CASE WHEN grade < 0.6 THEN 'low' WHEN grade < 0.85 THEN 'medium' WHEN grade < 0.97 THEN 'high'
            ELSE 'critical' END,
       round((0.5 + 0.5 * pg_temp.r(n, s + 33))::numeric, 3), 'Generated signal ' || n,
       'Generated description of signal ' || n || '; ' || repeat('made up, says nothing of anybody. ', 4),
       'generated', 'generated:' || n, 'https://example.com/generated/' || n,
       jsonb_build_object('generated', true, 'form', pg_temp.pick(%(forms)s, pg_temp.r(n, s + 34)), 'number', n,
                          'share', round(pg_temp.r(n, s + 35)::numeric, 4)),
       round((20 * pg_temp.r(n, s + 36) - 10)::numeric, 2), moment + interval '4 hours', moment + interval '4 hours'
FROM (SELECT n, %(seed)s::bigint * 1000 AS s, pg_temp.r(n, %(seed)s::bigint * 1000 + 32) AS grade,
             1 + floor(%(companies)s * pg_temp.r(CASE WHEN n %% 200 = 0 THEN n - 1 ELSE n END,
                                                %(seed)s::bigint * 1000 + 30) ^ 2)::int AS owner
      FROM generate_series(%(first)s::bigint, %(until)s::bigint) AS n) AS each,
     LATERAL (SELECT pg_temp.moment(n, %(base)s, %(since)s, %(last)s) AS moment,
                     pg_temp.moment(n - 1, %(base)s, %(since)s, %(last)s) AS moment_of_last) AS moments
"""
SCORE_ROWS = """
INSERT INTO ma_scores (id, company_id, score_date, score_version, total_score, percentile_rank, confidence,
    pipeline_score, patent_score, financial_score, insider_score, strategic_fit_score, regulatory_score,
    score_change_30d, score_change_90d, key_drivers, risk_factors, metadata, is_latest)
SELECT pg_temp.uid('score', n, day), pg_temp.uid('company', 1 + n %% %(companies)s, %(start)s), day, '1',
       round((5 + 90 * pg_temp.r(n, s + 41))::numeric, 4), round((100 * pg_temp.r(n, s + 42))::numeric, 4),
       round((0.4 + 0.6 * pg_temp.r(n, s + 43))::numeric, 4),
       part[1], part[2], part[3], part[4], part[5], part[6],
       round((10 * pg_temp.r(n, s + 44) - 5)::numeric, 4), round((20 * pg_temp.r(n, s + 45) - 10)::numeric, 4),
       v.drivers, v.risks, v.metadata, n < %(companies)s
FROM (SELECT n, %(seed)s::bigint * 1000 AS s, DATE %(last)s - (n / %(companies)s)::int AS day
      FROM generate_series(%(first)s::bigint - 1, %(until)s::bigint - 1) AS n) AS each
     JOIN pg_temp.variants AS v ON v.place = n %% %(variants)s,
     LATERAL (SELECT array_agg(round((100 * pg_temp.r(n, s + 50 + k))::numeric, 4)) AS part
              FROM generate_series(1, 6) AS k) AS parts
"""
# What the planner must not be asked to keep up to date row by row while millions of them come.
SECONDARY = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index AS i
WHERE i.indrelid = %s::regclass AND NOT i.indisunique
"""


def main() -> None:
    """Fill the database that the environment names."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--times", type=int, default=1, help="so many times the signals and scores")
    chosen = options.parse_args()
    if not os.environ.get("BIOTECH_MA_DATA_DIR") and not os.environ.get("DATABASE_URL"):
        options.error("set BIOTECH_MA_DATA_DIR to a folder for this database alone, or DATABASE_URL to an empty one")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(seed=chosen.seed, times=chosen.times)


def fill(*, seed: int, times: int, companies: int = COMPANIES, signals: int = SIGNALS, scores: int = SCORES) -> None:
    """Bring the database to that size. Raises SystemExit where it holds companies that are not generated."""
    from django.db import connection

    from companies.choices import Phase
    from signals_app.catalogue import SignalType

    quiet = {"takeover_target", "takeover_terminated"}
    values: dict[str, Any] = {
        "seed": seed, "companies": companies, "start": f"{SIGNALS_SINCE} 00:00Z", "last": LAST_DAY,
        "since": f"{SIGNALS_SINCE} 00:00Z", "variants": VARIANTS, "base": signals,
        "areas": ["oncology", "immunology", "neurology", "cardiovascular", "metabolic", "rare_disease"],
        "phases": [phase for phase in Phase.values if phase != "discontinued"],
        "types": [kind for kind in SignalType.values if kind not in quiet], "forms": ["8-K", "10-Q", "SC 13D", "4"],
    }  # fmt: skip
    with connection.cursor() as db:
        db.execute("SELECT count(*) FILTER (WHERE metadata ? 'generated'), count(*) FROM companies")
        generated, everything = db.fetchone()
        if generated != everything:
            raise SystemExit("This database holds companies that are not generated: take one of its own.")
        db.execute(FUNCTIONS)
        _stage_variants(db, seed)
        if not generated:
            with _told("companies and candidates"):
                db.execute(COMPANY_ROWS, {**values, "rows": companies})
                db.execute(CANDIDATE_ROWS, {**values, "rows": companies * CANDIDATES // COMPANIES})
        _grow(db, "signals", SIGNAL_ROWS, values, signals * times)
        _grow(db, "ma_scores", SCORE_ROWS, values, scores * times)
    connection.close()
    with connection.cursor() as db, _told("vacuum"):
        db.execute("VACUUM ANALYZE")


def _stage_variants(db: Any, seed: int) -> None:
    """Make the explanations that scores share: as kept, with real names of components and made-up figures."""
    from scoring.record import PART_LABELS

    names = sorted(name for name in PART_LABELS if not name.endswith(".bounds"))
    chance = Random(seed)
    db.execute("CREATE TEMPORARY TABLE variants (place int PRIMARY KEY, drivers jsonb, risks jsonb, metadata jsonb)")
    for place in range(VARIANTS):
        parts = [_part(n, name, chance) for n, name in enumerate(chance.sample(names, 8))]
        weights = {"pipeline": "0.250000", "financial": "0.250000"}
        metadata = {"baseline": "50.0000", "neutral": parts[5:], "weights": weights, "generated": True}
        db.execute(
            "INSERT INTO variants VALUES (%s, %s, %s, %s)",
            [place, json.dumps(parts[:3]), json.dumps(parts[3:5]), json.dumps(metadata)],
        )


def _part(place: int, name: str, chance: Random) -> dict[str, Any]:
    component, _, feature = name.partition(".")
    figures = {key: f"{chance.uniform(-9, 9):.4f}" for key in ("value", "median", "contribution")}
    return {
        "n": place,
        "component": component,
        "feature": feature,
        "weight": "0.1250",
        **figures,
        "source": "generated",
    }


def _grow(db: Any, table: str, statement: str, values: dict[str, Any], wanted: int) -> None:
    from django.db import transaction

    db.execute(f"SELECT count(*) FROM {table}")
    held = db.fetchone()[0]
    if held >= wanted:
        return
    # One transaction: what ends half-way leaves the table with its indexes.
    with _told(f"{table}: {wanted - held:,} rows"), transaction.atomic():
        db.execute(SECONDARY, [table])
        indexes = db.fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        for first in range(held + 1, wanted + 1, BATCH):
            db.execute(statement, {**values, "first": first, "until": min(wanted, first + BATCH - 1)})
        for _, definition in indexes:
            db.execute(definition)


@contextmanager
def _told(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
