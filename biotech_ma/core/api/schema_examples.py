"""Examples in the schema, made of one realistic value for each field name; a test holds them against the schema."""

from __future__ import annotations

from typing import Any

COMPANY_ID = "01987a1c-4f0e-7b3a-9c55-3f2a6d1e8b10"
ROW_ID = "01987a1d-02c4-7d18-8a7e-6c0f5b9d2e41"
INSTANT = "2026-01-31T21:00:00+00:00"
# What a field of this name is like, wherever it stands.
VALUES: dict[str, Any] = {
    "id": ROW_ID,
    "company_id": COMPANY_ID,
    "target_company_id": COMPANY_ID,
    "ticker": "VRTX",
    "target_ticker": "VRTX",
    "acquirer_ticker": "PFE",
    "acquirer_name": "Pfizer Inc.",
    "target_name": "Vertex Pharmaceuticals Incorporated",
    "company": "VRTX",
    "company_name": "Vertex Pharmaceuticals Incorporated",
    "cik": "0000875320",
    "name": "Vertex Pharmaceuticals Incorporated",
    "role": "target",
    "market_cap_usd": "120000000000.00",
    "market_cap_as_of": "2026-06-30",
    "cash_position_usd": "6608100000.00",
    "quarterly_burn_rate_usd": "-907850000.00",
    "total_debt_usd": "1450000000.00",
    "runway_quarters": 7.25,
    "enterprise_value_usd": "114841900000.00",
    "therapeutic_areas": ["respiratory", "neurology"],
    "founded_year": 1989,
    "employee_count": 6100,
    "headquarters_location": "Boston, Massachusetts",
    "is_public": True,
    "is_cash_constrained": False,
    "history_starts": None,
    "under_offer_since": None,
    "metadata": {"analyst": "AB"},
    "field_sources": {"market_cap_usd": {"source": "curated", "as_of": "2026-06-30"}},
    "signal_type": "partnership",
    "type": "partnership",
    "severity": "medium",
    "event_date": INSTANT,
    "title": "A licence for an oncology programme",
    "description": "Upfront payment of 40 million dollars.",
    "source": "desk",
    "source_id": "note-17",
    "source_url": "https://www.sec.gov/Archives/edgar/data/875320/000087532026000056/index.htm",
    "signal_data": {"upfront_usd": "40000000"},
    "supersedes": None,
    "supersedes_id": None,
    "confidence": 0.9,
    "ma_impact_score": 2.5,
    "phase": "phase_3",
    "indication": "Cystic fibrosis",
    "mechanism": "CFTR modulator",
    "therapeutic_area": "respiratory",
    "patent_expiry": "2037-05-31",
    "next_milestone": "Phase 3 readout",
    "next_milestone_date": "2027-03-31",
    "score_date": "2026-06-30",
    "score_version": "1",
    "total_score": 76.8352,
    "percentile_rank": 98.5,
    "report_type": "daily_digest",
    "report_date": "2026-06-30",
    "format": "html",
    "recipients": ["desk@example.com"],
    "alert_type": "new_signal",
    "url": "https://desk.example.com/hooks/biotech",
    "event_types": ["signal.created"],
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "api_key": "bma_f1421ab8_0f129771309ad7647d054fd044121cd18f06a6cdb72920c5843596127681b879",
    "client_name": "Partner desk",
    "scopes": ["read"],
    "contact_email": "desk@example.com",
    "next": "https://desk.example.com/api/v1/companies/?cursor=W1sibmFtZSJd.4982n3foaKsaDBZR8SDcnr",
    "previous": None,
    "count": 282,
    "date": "2027-03-31",
    "kind": "milestone",
    "since": INSTANT,
}
FORMATS: dict[str, Any] = {
    "uuid": ROW_ID,
    "date": "2026-06-30",
    "date-time": INSTANT,
    "decimal": "1250000.00",
    "uri": "https://desk.example.com/",
    "email": "desk@example.com",
    "time": "07:30:00",
}
# What a new row of the resource is sent with in the example; the rest may be left out.
BODIES: dict[str, dict[str, Any]] = {
    "companies": {"name": "Example Therapeutics, Inc.", "role": "target", "market_cap_usd": "450000000.00"},
    "drug-candidates": {"company": "VRTX", "name": "VX-000", "phase": "phase_1", "therapeutic_area": "respiratory"},
    "signals": {
        "company": "VRTX",
        "signal_type": "partnership",
        "event_date": INSTANT,
        "title": "A licence for an oncology programme",
        "source": "desk",
    },
    "reports": {"report_type": "daily_digest", "format": "html"},
    "alerts": {"name": "Deals of the watchlist", "alert_type": "new_signal", "company_tickers": ["VRTX"]},
    "webhooks": {"name": "Desk", "url": "https://desk.example.com/hooks/biotech", "event_types": ["signal.created"]},
    "clients": {"client_name": "Partner desk", "scopes": ["read"], "rate_limit_per_hour": 1000},
}
CHANGES: dict[str, dict[str, Any]] = {
    "companies": {"employee_count": 6100},
    "drug-candidates": {"next_milestone": "Phase 3 readout", "next_milestone_date": "2027-03-31"},
    "reports": {"title": "Morning digest"},
    "alerts": {"is_active": False},
    "webhooks": {"is_active": False},
    "clients": {"rate_limit_per_hour": 2000},
}
ACTIONS: dict[str, dict[str, Any]] = {
    "overlap_hours": {"overlap_hours": 24},
    "since": {"since": INSTANT},
    "duplicate": {"duplicate": "VRTXQ", "fill": ["founded_year"], "reason": "One registrant, entered twice"},
    "secret": {},
}
MOST_DEEP = 6


def body_example(scope: str, method: str, properties: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a request of the operation may look like; None where there is nothing to send."""
    if (
        method in ("POST", "PUT")
        and not {"since", "duplicate"} & set(properties)
        and scope in BODIES
        and len(properties) > 1
    ):
        return BODIES[scope]
    if method == "PATCH":
        return CHANGES.get(scope)
    return next((example for name, example in ACTIONS.items() if name in properties), None)


def example_of(schema: dict[str, Any], components: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """Return a value that the schema allows: the name's own where it fits, else one of its format or type."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name, depth)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return example_of(schema[several][0], components, name, depth)
    if "enum" in schema:
        return VALUES[name] if VALUES.get(name) in schema["enum"] else schema["enum"][0]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if name in VALUES and _fits(VALUES[name], kinds) and _is_dated_alike(VALUES[name], schema.get("format", "")):
        return VALUES[name]
    return _typed(schema, kinds, components, name, depth)


def _typed(schema: dict[str, Any], kinds: list[str], components: dict[str, Any], name: str, depth: int) -> Any:
    kind = next((kind for kind in kinds if kind != "null"), "null")
    if kind == "object":
        if depth >= MOST_DEEP:
            return {}
        members = schema.get("properties", {})
        return {key: example_of(inner, components, key, depth + 1) for key, inner in members.items()}
    if kind == "array":
        items = schema.get("items") or {}
        return [example_of(items, components, name, depth + 1)] if items else []
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "text")
    return {"integer": 1, "number": 1.5, "boolean": True}.get(kind)


def _fits(value: Any, kinds: list[str]) -> bool:
    named: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
        "object": (dict,), "null": (type(None),),
    }  # fmt: skip
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, named.get(kind, ())) for kind in kinds)


def _is_dated_alike(value: Any, form: str) -> bool:
    """Return whether a day stands for a day and an instant for an instant."""
    return form not in ("date", "date-time") or value is None or len(value) == len(FORMATS[form])
