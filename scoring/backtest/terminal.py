"""A back-test on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from scoring.backtest import words
from scoring.backtest.run import Ranking, Result


def show(console: Console, result: Result) -> None:
    """Print the verdict, the measures beside the baselines, the tables and the controls."""
    asked = result.asked
    title = f"Back-test of version {result.version}, {asked.first} to {asked.last}, horizon {asked.horizon_days} days"
    console.print(title, style="bold", highlight=False)
    console.print(result.verdict.words, highlight=False)
    for sentence in words.summary(result):
        console.print(sentence, highlight=False)
    if result.score is not None:
        _measures(console, result, result.score)
        _lift(console, result.score)
        _bands(console, result)
    if result.years:
        _years(console, result)
    _controls(console, result)
    console.print(f"Method: docs/backtest.md. {words.methodology(result).capitalize()}.", highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _measures(console: Console, result: Result, score: Ranking) -> None:
    """The rankings stand side by side: a measure a row fits a terminal of 80 columns."""
    rankings = {"score": score, **result.baselines}
    table = _table("Measures, with 95 % intervals", "", *(words.NAMES[name] for name in rankings))
    columns = [words.measure_values(ranking.measures) for ranking in rankings.values()]
    for name, values in zip(words.measure_names(), zip(*columns, strict=True), strict=True):
        table.add_row(name, *(words.with_interval(value) for value in values))
    exceeds = [ranking.score_exceeds_by for ranking in result.baselines.values()]
    table.add_row("Score's AUROC exceeds by", "", *(words.with_interval(value) for value in exceeds if value))
    console.print(table)
    if result.sufficient_only is not None:
        console.print(f"AUROC among sufficient data: {words.with_interval(result.sufficient_only)}", highlight=False)


def _lift(console: Console, score: Ranking) -> None:
    table = _table("Lift by decile", "Decile", "Lift")
    for number, value in enumerate(score.measures.lift_by_decile, start=1):
        table.add_row(f"{number}" + (" (best)" if number == 1 else ""), words.with_interval(value))
    console.print(table)


def _bands(console: Console, result: Result) -> None:
    table = _table("Calibration: deals by score", "Score", "Observations", "Positive", "Share")
    for band in result.bands:
        if band.rows:
            table.add_row(
                f"{band.low}–{band.high}", f"{band.rows:,}", f"{band.positive_rows:,}", words.percent(band.rate)
            )
    console.print(table)


def _years(console: Console, result: Result) -> None:
    table = _table("By year", "Year", "Days", "Companies", "Deals", "Positive", "in the top decile", "AUROC")
    for year in result.years:
        table.add_row(
            str(year.year),
            str(year.days),
            f"{year.companies:,}",
            f"{year.deals:,}",
            f"{year.positive_rows:,}",
            f"{year.top_decile:.1f}",
            words.with_interval(year.auroc),
        )
    console.print(table)


def _controls(console: Console, result: Result) -> None:
    table = Table(title="Controls", title_justify="left")
    for column in ("Control", "Holds", "What, on what", "AUROC"):
        table.add_column(column)
    for name, control in result.controls.items():
        figure = words.with_interval(control.auroc) if control.auroc else ""
        table.add_row(
            words.NAMES[name], "yes" if control.holds else "NO", f"{control.says} ({control.universe})", figure
        )
    console.print(table)
