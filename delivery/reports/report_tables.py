"""The tables of each report, from its content alone: the pages, the workbook and the CSV show the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from delivery.reports.content import AcquirerAnalysis, AlertReport, Content, DailyDigest, DeepDive, WeeklyWatchlist
from delivery.reports.tables import (
    RANKING_NOTE,
    UNMATCHED,
    UNRANKED,
    WHO,
    Column,
    Kind,
    Table,
    ahead,
    buyers,
    left_out,
    movers,
    news,
    pairs,
    reasons,
    standings,
)

FIGURES = (
    Column("Figure", "figure"),
    Column("Amount", "usd", Kind.MONEY),
    Column("Quarters", "quarters", Kind.NUMBER),
    Column("Source", "source"),
)
COMPONENTS = (
    Column("Component", "component"),
    Column("Score", "score_0_100", Kind.SCORE),
    Column("Median", "median_0_100", Kind.NUMBER),
)
MOVES = Column("Input", "input"), Column("Points", "points", Kind.POINTS), Column("Why", "why")
PIPELINE = (
    Column("Drug", "drug"),
    Column("Indication", "indication"),
    Column("Phase", "phase"),
    Column("Next completion", "next_completion", Kind.DAY),
    Column("Protected until", "protected_until", Kind.DAY),
    Column("Designations", "designations"),
    Column("Source", "source", Kind.LINK),
)
MISSING = (Column("Input", "input"),)


def tables_of(content: Content) -> dict[str, Table]:
    """Return the report's tables by name, in their order on the page."""
    found = _TABLES[type(content)](content)
    return {table.name: table for table in found}


def _weekly(content: WeeklyWatchlist) -> list[Table]:
    listed = "Your watchlist" if content.is_own_list else "First of the ranking"
    nothing = UNRANKED
    quiet = "Nothing became known of these companies in the week."
    found = [
        standings(content.listed, title=listed, empty=nothing, note=RANKING_NOTE),
        movers(
            [*content.risers, *content.fallers],
            name="Moves",
            title="Sharpest moves by news in 30 days",
            empty="No score moved by a point or more for reasons of its company's own.",
        ),
        news(content.news, title="What became known in the week", empty=quiet),
        news(content.latest, title="What was last known", name="Last known", empty="No signal is known of them."),
        ahead(
            content.ahead, title="Ahead: the next twelve months", empty="No dated event of these companies is known."
        ),
        buyers(content.buyers, title="Who could buy", empty=UNMATCHED),
        left_out(content.left_out),
    ]
    return [table for table in found if table.name != "Last known" or content.latest]


def _daily(content: DailyDigest) -> list[Table]:
    since = f" since {content.compared_with}" if content.compared_with else ""
    still = "No score moved sharply by news on this day."
    alerts = tuple((each.time, each.alert, each.who, each.reason) for each in content.alerts)
    found = [
        news(content.news, title="What became known", empty="A quiet day: nothing became known."),
        news(content.latest, title="What was last known", name="Last known", empty="No signal is known."),
        movers(content.steps, name="Scores that moved", title=f"Scores that moved by news{since}", empty=still),
        Table(
            "Alerts", "Alerts that went off",
            (Column("At", "time_new_york"), Column("Alert", "alert"), WHO, Column("Why", "reason")),
            alerts, "No alert went off.",
        ),
        standings(content.listed, title="First of the ranking", empty=UNRANKED, note=RANKING_NOTE),
        ahead(content.ahead, title="Ahead: the next 30 days", empty="No dated event of these companies is known."),
        left_out(content.left_out),
    ]  # fmt: skip
    return [table for table in found if table.name != "Last known" or content.latest]


def _dive(content: DeepDive) -> list[Table]:
    components = tuple((each.label, each.score, each.median) for each in content.components)
    moved = tuple((move.label, move.points, move.why) for move in content.moved)
    figures = tuple(
        (each.label, each.value if each.unit == "usd" else None, None if each.unit == "usd" else each.value, each.note)
        for each in content.figures
    )
    missing = tuple((text,) for text in content.missing)
    assets = tuple(
        (each.name, each.indication, each.phase, each.next_completion, each.protected_until,
         ", ".join(each.designations), each.source)
        for each in content.assets
    )  # fmt: skip
    return [
        Table("Figures", "Figures", FIGURES, figures, "No figure is known."),
        Table("Components", "Components, 0 to 100", COMPONENTS, components, "Not scored by this day."),
        reasons(content.reasons, title="What makes the score", empty="The score carries no explanation."),
        Table("Moves", "What changed in 30 days", MOVES, moved, "No score of 30 to 40 days earlier, or nothing moved."),
        Table("Pipeline", "Pipeline", PIPELINE, assets, "No active programme of its own is known."),
        news(content.news, title="Signals of two years", empty="No signal is known of it.", is_of_one=True),
        ahead(content.ahead, title="Ahead: the next two years", empty="No dated event is known.", is_of_one=True),
        pairs(content.buyers, title="Who could buy", empty=UNMATCHED),
        Table("Missing", "What is missing: the median of the day stands in", MISSING, missing, "Nothing is missing."),
    ]


def _acquirers(content: AcquirerAnalysis) -> list[Table]:
    grid = content.heat_map
    columns = (Column("Target", "target"), *(Column(str(each), str(each), Kind.NUMBER) for each in grid.acquirers))
    rows = tuple((str(target), *cells) for target, cells in zip(grid.targets, grid.cells, strict=True))
    nothing = UNMATCHED
    return [
        pairs(content.pairs, title="Acquirers and targets", empty=nothing),
        Table("Heat map", "Fit, 0 to 10", columns, rows, nothing),
        standings(content.targets, title="The targets", name="Targets", empty="No target of these is scored."),
        left_out(content.left_out),
    ]


def _alerts(content: AlertReport) -> list[Table]:
    counts = tuple((each.alert, each.alert_type, each.times, each.companies, each.last) for each in content.counts)
    lines = tuple((each.day, each.time, each.alert, each.who, each.reason) for each in content.triggers)
    nothing = "No alert went off in this period."
    return [
        Table("Alerts", "By alert", (Column("Alert", "alert"), Column("Type", "alert_type"),
              Column("Times", "times", Kind.PLACE), Column("Companies", "companies", Kind.PLACE),
              Column("Last", "last", Kind.DAY)), counts, nothing),
        Table("Triggers", "Each time", (Column("Day", "day", Kind.DAY), Column("At (New York)", "time_new_york"),
              Column("Alert", "alert"), WHO, Column("Why", "reason")), lines, nothing),
    ]  # fmt: skip


_TABLES: Mapping[type, Callable[..., list[Table]]] = {
    WeeklyWatchlist: _weekly,
    DailyDigest: _daily,
    DeepDive: _dive,
    AcquirerAnalysis: _acquirers,
    AlertReport: _alerts,
}
