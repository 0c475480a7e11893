"""The starter data set: real companies, drugs, figures and events, each row with its source. See README.md."""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parent
COMPANIES = FOLDER / "companies.csv"
ALIASES = FOLDER / "aliases.csv"
CANDIDATES = FOLDER / "drug_candidates.csv"
SIGNALS = FOLDER / "signals.csv"
FACTS = FOLDER / "financial_facts.csv.gz"
SHIPPED = (COMPANIES, ALIASES, CANDIDATES, SIGNALS, FACTS)


_SETTINGS = tomllib.loads((FOLDER / "starter.toml").read_text(encoding="utf-8"))
# The data set's own day: everything in it was public by then, and its figures were not stale.
STARTER_AS_OF: date = _SETTINGS["as_of"]
# Figures with an earlier period end are left out.
FACTS_FROM: date = _SETTINGS["facts_from"]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the data set's CSV files (gzipped or not)."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
