"""The acquirers' announced takeovers: those of the deals file, with an analyst's areas and stage, and later ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from companies import starter
from companies.starter.curated import CURATION

# EDGAR's own list of the target's answers to a tender offer.
FILINGS_URL = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany&CIK={cik}&type=SC+14D9"
DOLLARS_A_MILLION = 1_000_000


def takeovers(deals_file: Path, companies: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield one `takeover_acquirer` a deal, known from its announcement on; `companies` are the rows by key.

    Raises ValueError for a reviewed deal that the file does not have.
    """
    names = {company: row["name"] for company, row in companies.items()}
    in_file = {(row["cik"].zfill(10), row["announced"]): row for row in starter.rows(deals_file)}
    for reviewed in starter.rows(CURATION / "deal_areas.csv"):
        key = reviewed["target_cik"], reviewed["announced"]
        if key not in in_file:
            raise ValueError(f"the deals file has none of {key[0]} on {key[1]}")
        yield _of_file(reviewed, in_file[key], names)
    for row in starter.rows(CURATION / "deals.csv"):
        yield _of_press(row, names)


def _of_file(reviewed: Mapping[str, str], row: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, ...]:
    cik, day = reviewed["target_cik"], reviewed["announced"]
    data = _data(
        row["target"], cik, row["value_usd_m"], row["value_basis"], reviewed, reviewed["status"] or row["status"]
    )
    data |= {"structure": row["structure"], "acquirer_as_written": row["acquirer"]}
    if row["premium_last_close"]:
        data["premium_last_close"] = row["premium_last_close"]
    data["cited"] = "SC 14D-9 filing or press, as the deals file of 2006 to 2022 has it"
    source_id = f"{cik}:{day}:acquirer"
    return _signal(reviewed["company"], names, day, "deals", source_id, FILINGS_URL.format(cik=cik), data)


def _of_press(row: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, ...]:
    basis = row["value_basis"].replace("_", " ")
    data = _data(row["target"], row["target_cik"], row["value_usd_m"], basis, row, row["status"])
    data["cited"] = f"{row['source']}, {row['announced']}"
    source_id = f"{row['company']}:{row['announced']}:{_slug(row['target'])}"
    return _signal(row["company"], names, row["announced"], "press", source_id, "", data)


def _data(
    target: str, cik: str, millions: str, basis: str, reviewed: Mapping[str, str], status: str
) -> dict[str, object]:
    return {
        "target": target,
        "target_cik": cik or None,
        "value_usd": f"{Decimal(millions) * DOLLARS_A_MILLION:.0f}" if millions else None,
        "value_basis": basis,
        "areas": reviewed["areas"].split(),
        "stage": reviewed["stage"] or None,
        "status": status,
    }


def _signal(
    company: str, names: Mapping[str, str], day: str, source: str, source_id: str, url: str, data: dict[str, object]
) -> tuple[str, ...]:
    title = f"{names[company]} to acquire {data['target']}"
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return company, "takeover_acquirer", day, day, "medium", title, source, source_id, url, text


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
