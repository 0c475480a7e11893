"""`backtest`: on generated universes with a planted signal, on hostile input, and on the real quarter of 2010."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from companies.models import Company
from companies.services import archive_company
from scoring.backtest.vouched import vouched_for
from scoring.engine.inputs import CompanyInputs, Evidence, Programme
from scoring.models import ScoreVersion, ScoreWeight
from tests.scoring.backtest_universe import announce, generate
from tests.scoring.universe import candidate, company, research, signal

pytestmark = pytest.mark.django_db

MEASURES = ("auroc", "average_precision", "top_decile_recall")
NOTHING = {"value": None, "low": None, "high": None}


def backtest(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("backtest", "--json", *arguments)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows_in_the_database() -> dict[str, int]:
    held = set(connection.introspection.table_names())
    models = [model for model in apps.get_models() if model._meta.db_table in held]
    return {model._meta.db_table: model._base_manager.count() for model in models}


@pytest.fixture
def labels(tmp_path):
    """Return a function that writes a labels file and names it."""

    def write(text: str) -> str:
        path = tmp_path / "labels.csv"
        path.write_text(text)
        return str(path)

    return write


YEARS = ("--from", "2005-09-30", "--to", "2007-06-30")


def test_planted_signal_is_found_and_beats_the_baselines(capsys, labels):
    generated = generate(companies=150, quarters=16, deals=66)
    before = rows_in_the_database()
    found = backtest(capsys, *YEARS, "--labels", labels(generated.labels()))
    assert rows_in_the_database() == before
    assert found["snapshots"] == 8
    assert found["snapshot_days"][0]["day"] == "2005-09-30"
    assert found["companies"] <= 150
    assert float(found["auroc"]["low"]) > 0.6
    assert float(found["auroc"]["low"]) < float(found["auroc"]["value"]) < float(found["auroc"]["high"])
    assert set(found["precision_at"]) == {"10", "20", "50"}
    assert [lift["decile"] for lift in found["lift_by_decile"]] == list(range(1, 11))
    assert set(found["baselines"]) == {"random", "size_only", "lead_stage_only"}
    chance = found["baselines"]["random"]["auroc"]
    assert float(chance["low"]) < 0.5 < float(chance["high"])
    assert found["left_out"]["undated_programmes"] == 0
    assert found["left_out"]["dated_programmes"] >= found["companies"]
    assert all(float(other["score_exceeds_auroc_by"]["low"]) > 0 for other in found["baselines"].values())
    assert {row["year"] for row in found["by_year"]} == {2005, 2006, 2007}
    assert sum(row["observations"] for row in found["calibration"]) == found["observations"]
    assert all(control["holds"] for control in found["controls"].values())
    assert set(found["controls"]) == {
        "shuffled_labels", "planted_signal", "future_fact", "better_input", "acquired_leaves",
    }  # fmt: skip


def test_same_data_gives_the_same_bytes_whatever_became_known_later(capsys, labels):
    generated = generate(companies=60, quarters=16, deals=30)
    arguments = (*YEARS, "--json", "--labels", labels(generated.labels()))
    call_command("backtest", *arguments)
    first = capsys.readouterr().out
    # known after the last ranked day; the ledger's end and everybody's follow-up stay as they are
    for target in generated.companies[:20]:
        research(target, 900_000_000, end="2007-05-31", known="2007-07-01", accession=f"later-{target.cik}")
    call_command("backtest", *arguments)
    assert capsys.readouterr().out == first


def test_no_signal_gives_an_auroc_of_a_half_within_its_interval(capsys, labels):
    generated = generate(companies=150, quarters=16, deals=60, pull=0)
    found = backtest(capsys, *YEARS, "--labels", labels(generated.labels()))
    assert float(found["auroc"]["low"]) < 0.5 < float(found["auroc"]["high"])
    shuffled = found["controls"]["shuffled_labels"]
    assert float(shuffled["auroc"]["low"]) < 0.5 < float(shuffled["auroc"]["high"])
    assert float(shuffled["p_value"]) > 0.01
    assert found["validated"] is False


def test_ledger_gives_the_same_labels_as_a_file(capsys, labels):
    generated = generate(companies=60, quarters=16, deals=24)
    by_file = backtest(capsys, *YEARS, "--labels", labels(generated.labels()))
    announce(generated)
    by_ledger = backtest(capsys, *YEARS)
    assert by_ledger["labels"] | {"source": ""} == by_file["labels"] | {"source": ""}
    assert by_ledger["auroc"] == by_file["auroc"]
    assert by_ledger["snapshot_days"] == by_file["snapshot_days"]


def test_fewer_than_ten_positives_give_null_measures_and_controls_on_generated_universes(capsys, labels):
    generated = generate(companies=20, quarters=16, deals=9)
    found = backtest(capsys, *YEARS, "--labels", labels(generated.labels()))
    assert found["positives"] <= 9
    assert found["verdict"] == f"insufficient positives ({found['positives']})"
    assert found["validated"] is False
    assert all(found[name] == NOTHING for name in MEASURES)
    assert all(value == NOTHING for value in found["precision_at"].values())
    assert all(lift | {"decile": 0} == NOTHING | {"decile": 0} for lift in found["lift_by_decile"])
    assert found["baselines"] == {}
    assert all(control["holds"] for control in found["controls"].values())
    for name in ("shuffled_labels", "planted_signal"):
        assert found["controls"][name]["universe"].startswith("generated: ")
    call_command("backtest", *YEARS, "--labels", labels(generated.labels()))
    assert f"insufficient positives ({found['positives']})" in capsys.readouterr().out


def test_empty_database_has_nothing_to_rank_and_its_controls_are_generated(capsys):
    found = backtest(capsys, "--from", "2010-01-01", "--to", "2010-12-31")
    assert (found["verdict"], found["companies"], found["observations"]) == ("insufficient positives (0)", 0, 0)
    for control in found["controls"].values():
        assert control["holds"]
        assert control["universe"].startswith("generated: ")
    assert not Company.all_objects.exists()


def test_below_sixty_deals_nothing_is_validated_and_the_number_is_said(capsys, labels):
    generated = generate(companies=80, quarters=16, deals=40)
    found = backtest(capsys, *YEARS, "--labels", labels(generated.labels()))
    assert 10 <= found["unseen_deals"] < 60
    assert found["verdict"] == f"not validated: {found['unseen_deals']} unseen deals of the 60 that it takes"


def test_weights_made_here_have_seen_every_earlier_deal(capsys, labels):
    generated = generate(companies=80, quarters=16, deals=40)
    own = ScoreVersion.objects.create(version="own")
    for held in ScoreWeight.objects.filter(score_version__version="1"):
        ScoreWeight.objects.create(
            score_version=own, component=held.component, weight=held.weight, reason="Judgement, as before."
        )
    found = backtest(capsys, *YEARS, "--labels", labels(generated.labels()), "--version", "own")
    assert found["score_version"] == "own"
    assert found["unseen_deals"] == 0
    assert found["validated"] is False


DAY = ("--from", "2010-06-30", "--to", "2010-06-30")


def filing(of: Company, *known: str) -> Company:
    for day in known:
        research(of, 50_000_000, end=f"{int(day[:4])}-03-31", known=day, accession=f"{of.cik}-{day}")
    return of


def test_company_archived_since_is_ranked_on_the_days_when_it_was_there(capsys, labels):
    gone = filing(company("GONE", cap=None), "2010-05-10")
    filing(company("STAYS", cap=None), "2010-05-10", "2012-05-10")
    archive_company(row=gone)
    found = backtest(capsys, *DAY, "--labels", labels(f"cik,announced\n{gone.cik},2010-10-04\n"))
    assert found["companies"] == 2
    assert found["positives"] == 1


def test_company_that_vanished_without_a_label_is_no_negative(capsys):
    filing(company("GONE", cap=None), "2010-05-10")
    filing(company("STAYS", cap=None), "2010-05-10", "2012-05-10")
    found = backtest(capsys, *DAY)
    assert found["companies"] == 1
    assert found["left_out"]["censored"] == 1


def test_company_under_offer_is_dropped_by_the_labels_too(capsys, labels):
    pending = filing(company("PEND", cap=None), "2010-05-10")
    filing(company("STAYS", cap=None), "2010-05-10", "2012-05-10")
    found = backtest(capsys, *DAY, "--labels", labels(f"cik,announced\n{pending.cik},2010-06-30\n"))
    assert found["companies"] == 1
    assert found["left_out"]["pending"] == 1
    assert found["positives"] == 0


def test_takeover_that_the_labels_do_not_have_is_no_negative(capsys, labels):
    bought = filing(company("SOLD", cap=None), "2010-05-10", "2012-05-10")
    filing(company("STAYS", cap=None), "2010-05-10", "2012-05-10")
    signal(bought, "takeover_target", "2010-10-04")
    found = backtest(capsys, *DAY, "--labels", labels("cik,announced\n"))
    assert found["companies"] == 1
    assert found["left_out"]["censored"] == 1


def test_terminated_takeover_is_a_positive_and_brings_the_company_back(capsys):
    tried = filing(company("BACK", cap=None), "2010-05-10", "2011-05-10", "2013-05-10")
    signal(tried, "takeover_target", "2010-10-04")
    signal(tried, "takeover_target", "2010-10-20")  # the offer's own filing: the same deal
    signal(tried, "takeover_terminated", "2011-02-01")
    found = backtest(capsys, "--from", "2010-06-30", "--to", "2011-06-30")
    assert found["labels"]["read"] == 1
    by_day = {row["day"]: (row["companies"], row["positives"]) for row in found["snapshot_days"]}
    assert by_day == {
        "2010-06-30": (1, 1), "2010-09-30": (1, 1), "2010-12-31": (0, 0), "2011-03-31": (1, 0), "2011-06-30": (1, 0),
    }  # fmt: skip


def test_labels_of_companies_outside_the_universe_are_skipped_and_counted(capsys, labels):
    inside = filing(company("IN", cap=None), "2010-05-10")
    filing(company("LATE", cap=None), "2011-05-10")
    outsider = company("BUYER", cap=None, role="acquirer")
    filing(outsider, "2010-05-10")
    late = Company.objects.get(ticker="LATE")
    text = "cik,announced\n" + "".join(
        f"{cik},{day}\n"
        for cik, day in (
            (inside.cik, "2010-10-04"),
            (inside.cik, "2019-10-04"),  # no ranked day in the year before it
            (late.cik, "2010-12-01"),  # files only later
            (outsider.cik, "2010-12-01"),
            ("4242", "2010-12-01"),
        )
    )
    found = backtest(capsys, *DAY, "--labels", labels(text))["labels"]
    assert (found["read"], found["used"], found["unused"], found["skipped"]) == (5, 1, 1, 3)


def test_days_whose_horizon_is_not_over_are_left_out(capsys):
    found = backtest(capsys, "--from", "2025-01-01", "--to", "2035-12-31")
    last = dt.date.fromisoformat(found["follow_up_ends"])
    assert all(dt.date.fromisoformat(row["day"]) + dt.timedelta(days=365) <= last for row in found["snapshot_days"])
    assert found["snapshots"] + len(found["snapshots_without_follow_up"]) == 44
    longer = backtest(capsys, "--from", "2025-01-01", "--to", "2035-12-31", "--horizon", "3650")
    assert longer["snapshots"] == 0


def test_labels_until_says_how_far_the_labels_reach(capsys):
    found = backtest(capsys, "--from", "2010-03-31", "--to", "2010-12-31", "--labels-until", "2011-06-30")
    assert [row["day"] for row in found["snapshot_days"]] == ["2010-03-31", "2010-06-30"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2010-13-01", "--to", "2011-01-01"), "--from '2010-13-01' is not a day"),
        (("--from", "2010-01-01", "--to", "soon"), "--to 'soon' is not a day"),
        (("--from", "2011-01-01", "--to", "2010-01-01"), "--from 2011-01-01 lies after --to 2010-01-01"),
        (("--from", "2999-01-01", "--to", "2999-12-31"), "--from 2999-01-01 lies in the future"),
        (("--from", "0001-01-01", "--to", "2010-12-31"), "lies before 1934-06-06"),
        (("--from", "2010-01-01", "--to", "2010-02-01"), "no quarter ends between"),
        ((*DAY, "--horizon", "0"), "--horizon 0 is not between 1 and 3650 days"),
        ((*DAY, "--horizon", "year"), "invalid int value"),
        ((*DAY, "--labels", "/nowhere/labels.csv"), "no such file"),
        ((*DAY, "--labels-until", "2999-01-01"), "lies in the future"),
        ((*DAY, "--version", "nine"), "no weights of version 'nine'"),
        ((*DAY, "--html", "/nowhere/page.html"), "there is no folder /nowhere"),
        (("--from", "2010-01-01"), "required: --to"),
    ],
)
def test_wrong_arguments_are_one_line_each(arguments, said):
    with pytest.raises(CommandError) as refused:
        call_command("backtest", *arguments)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_faulty_labels_leave_nothing_behind(labels, tmp_path):
    before = rows_in_the_database()
    page = tmp_path / "page.html"
    with pytest.raises(CommandError, match="line 2: 'x' is no CIK"):
        call_command("backtest", *DAY, "--html", str(page), "--labels", labels("cik,announced\nx,2010-01-01\n"))
    assert rows_in_the_database() == before
    assert not page.exists()


class Page(HTMLParser):
    """Collects what a page would load, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href"} and value and not value.startswith("#"):
                self.loads.append(value)


def test_html_is_one_page_with_four_plots_that_loads_nothing(capsys, labels, tmp_path):
    generated = generate(companies=60, quarters=16, deals=30)
    path = tmp_path / "page.html"
    call_command("backtest", *YEARS, "--labels", labels(generated.labels()), "--html", str(path))
    text = path.read_text()
    page = Page()
    page.feed(text)
    assert page.loads == []
    assert page.tags.count("svg") == 4
    assert "script" not in page.tags
    assert not re.search(r"url\((?!#)|@import", text)
    for heading in ("ROC", "Precision and recall", "Lift", "Calibration", "By year", "Controls"):
        assert f">{heading}" in text
    assert "unseen deals of the 60 that it takes" in text
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_html_escapes_what_comes_from_outside(capsys, tmp_path):
    path = tmp_path / "<b>labels.csv"
    path.write_text("cik,announced\n")
    page = tmp_path / "page.html"
    call_command("backtest", *DAY, "--labels", str(path), "--html", str(page))
    assert "&lt;b&gt;labels.csv" in page.read_text()
    assert "<b>" not in page.read_text()


def test_what_no_dated_source_vouches_for_is_left_out():
    day = dt.date(2010, 6, 30)
    since = dt.date(2010, 1, 1)
    known = Programme("A", None, "phase_3", orphan=True, known_from=since)
    undated = Programme("B", None, "approved")
    of_later = Programme("C", None, "approved", known_from=since, is_later_state=True)
    recorded_later = Programme(
        "D",
        None,
        "phase_2",
        orphan=True,
        fast_track=True,
        is_new_chemical_entity=True,
        protected_until=dt.date(2030, 1, 1),
        next_completion=dt.date(2011, 1, 1),
        known_from=since,
        is_later_row=True,
        evidence={
            "orphan_designation": Evidence("fda"),
            "fast_track": Evidence("fda", day=day),
            "patent_expiry": Evidence("orangebook", day=dt.date(2010, 7, 1)),
            "next_milestone_date": Evidence("clinicaltrials", day=since),
        },
    )
    inputs = CompanyInputs("key", day, programmes=(known, undated, of_later, recorded_later))
    first, last = vouched_for(inputs).programmes
    assert first == known
    assert (last.orphan, last.fast_track, last.protected_until) == (None, True, None)
    assert last.is_new_chemical_entity is None
    assert last.next_completion == dt.date(2011, 1, 1)


def test_undated_programmes_are_counted_and_do_not_rank(capsys):
    candidate(filing(company("A", cap=None), "2010-05-10", "2012-05-10"), "approved")
    filing(company("B", cap=None), "2010-05-10", "2012-05-10")
    found = backtest(capsys, *DAY)
    assert found["left_out"]["undated_programmes"] == 1
    assert found["calibration"] == []


def test_quarter_of_the_data_sets_has_one_positive_and_says_so(capsys, shared_data):
    call_command("ingest", "edgar-fsds", "--from", str(shared_data / "edgar" / "fsds" / "2010q2.zip"))
    call_command("ingest", "deals", "--from", str(shared_data / "deals"))
    capsys.readouterr()
    found = backtest(capsys, *DAY)
    assert found["verdict"] == "insufficient positives (1)"
    assert (found["positives"], found["snapshots"]) == (1, 1)
    assert found["labels"]["read"] == 135
    # all that is known of the deal's target by then is what its own filings said
    assert found["auroc"] == NOTHING
    assert all(control["holds"] for control in found["controls"].values())
