"""A match drawn as tables: the terms as bars with their evidence, the valuation method by method, flags and assets.

The JSON behind it may be of any edition, or nobody's: what is not as expected is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.tables import table
from companies.choices import Phase
from scoring.admin_origins import reasons_of_parties
from scoring.engine.terms import TIES
from scoring.engine.valuation import METHODS
from scoring.models import AcquirerMatch

VALUATION = "US dollars of equity value; the range is the median over the methods."
FEASIBILITY = {
    "feasible": ("can pay", "green", "Capacity of at least half the net price"),
    "infeasible": ("infeasible", "red", "Capacity below half the net price"),
    "unknown": ("unknown", "grey", "What the capacity rests on is not all known"),
}


def amount(value: Any) -> Decimal | None:
    """Return a figure kept as text, None for anything else."""
    try:
        found = None if value is None or isinstance(value, bool) else Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found is not None and found.is_finite() else None


def entries(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array, none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def terms_table(match: AcquirerMatch) -> SafeString:
    """Return the five terms: value as a bar, weight, what it rests on, and where that is to be read."""
    rows = [
        [
            term.get("label", ""),
            columns.bar(amount(term.get("value")), 1, digits=2, hint="No input: left out, the others weigh more"),
            _weight(amount(term.get("weight"))),
            term.get("detail", ""),
            sources(term.get("evidence")),
        ]
        for term in entries(match.metadata.get("terms"))
    ]
    return table(
        f"Why {figures.number(match.strategic_fit_score, 2)} of ten",
        ["Term", "Value", "Weight", "Rests on", "Source"],
        rows,
        note=str(match.metadata.get("methodology") or ""),
        empty="This match does not say what it rests on.",
        numeric=(1, 2),
    )


def edited_table(match: AcquirerMatch) -> SafeString:
    """Return who set figures of the two companies that the match reads, and why; nothing where sources alone did."""
    parties = [each for each in (match.target_company, match.acquirer_company) if each is not None]
    reasons = reasons_of_parties(parties)
    if not reasons:
        return SafeString("")
    return table("Set by analysts", ["Company, figure: why, and who"], [[reason] for reason in reasons])


def _weight(weight: Decimal | None) -> SafeString | str:
    return columns.unknown("Left out") if not weight else f"{weight * 100:.0f} %"


def sources(evidence: Any) -> SafeString:
    """Return where to read it, one source a line."""
    lines = [
        format_html(
            "{} {}",
            " · ".join(filter(None, (str(item.get("source") or ""), str(item.get("date") or "")))),
            _outside(item.get("source_url")),
        )
        for item in entries(evidence)
    ]
    if not lines:
        return columns.unknown("No source")
    return format_html_join("", '<span class="desk-line">{}</span>', ((line,) for line in lines))


def _outside(url: Any) -> SafeString | str:
    return columns.outside(url) if isinstance(url, str) and urlsplit(url).scheme in {"http", "https"} else ""


def valuation_table(match: AcquirerMatch) -> SafeString:
    """Return the range method by method, the median below; and why the other methods have no inputs."""
    worth = match.estimated_valuation_range_usd
    rows: list[list[Any]] = [
        [
            method.get("label") or METHODS.get(str(method.get("method")), ""),
            *(columns.money(amount(method.get(end))) for end in ("low", "mid", "high")),
            method.get("detail", ""),
            sources(method.get("evidence")),
        ]
        for method in entries(worth.get("methods"))
    ]
    left_out = worth.get("left_out")
    for name, why in left_out.items() if isinstance(left_out, dict) else ():
        none = columns.unknown("No input")
        rows.append([METHODS.get(name, name), none, none, none, f"Left out: {why}", columns.unknown("No source")])
    ends = [columns.money(amount(worth.get(end))) for end in ("low", "mid", "high")]
    return table(
        "What the equity might cost",
        ["Method", "Low", "Middle", "High", "Rests on", "Source"],
        rows,
        note=" ".join(filter(None, (VALUATION, caveat(worth)))),
        empty="No method has inputs.",
        numeric=(1, 2, 3),
        foot=["Median", *ends, "", ""] if amount(worth.get("mid")) is not None else None,
    )


def caveat(worth: Any) -> str:
    """Return which methods give less than the market pays, in words; empty where none does."""
    said = worth.get("caveat") if isinstance(worth, dict) else None
    return said if isinstance(said, str) else ""


def assets_table(match: AcquirerMatch) -> SafeString:
    """Return the target's drugs that matter to the acquirer, and why."""
    kept = entries(match.metadata.get("key_assets"))
    labels = dict(Phase.choices)
    rows: list[list[Any]] = [
        [
            asset.get("drug", ""),
            labels.get(str(asset.get("phase")), ""),
            asset.get("indication") or "",
            asset.get("why", ""),
        ]
        for asset in kept
    ] or [[drug, "", "", ""] for drug in match.key_assets_of_interest]
    return table("Assets of interest", ["Drug", "Phase", "Indication", "Why"], rows, empty="None.")


def flags(match: AcquirerMatch) -> SafeString:
    """Return the badges of a match: whether the acquirer can pay, what binds the two, antitrust questions."""
    return format_html_join(" ", "{}", ((badge,) for badge in _badges(match)))


def _badges(match: AcquirerMatch) -> Iterator[SafeString]:
    feasibility = match.metadata.get("feasibility")
    if feasibility in ("infeasible", "feasible"):
        text, tone, title = FEASIBILITY[feasibility]
        yield columns.badge(text, tone, title=title)
    for tie in entries(match.metadata.get("relations")):
        words = TIES.get(str(tie.get("kind")), TIES["partnership"]).removeprefix("a ").removeprefix("an ")
        since = " · ".join(filter(None, (str(tie.get("drug") or ""), f"since {tie.get('since')}")))
        yield columns.badge(words, "blue", title=since)
    overlaps = entries(match.metadata.get("antitrust"))
    if overlaps:
        said = "; ".join(
            f"{item.get('approved_drug')} and {item.get('drug')}: {item.get('indication')}" for item in overlaps
        )
        yield columns.badge("antitrust question", "amber", title=said)
