"""Labels, quarter ends, what the labels cover, and what became of a company."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from scoring.backtest.calendar import calendar, labels_begin, labels_end, quarter_end, quarter_ends
from scoring.backtest.follow_up import Deal, FollowUp, Outcome
from scoring.backtest.labels import Label, LabelError, read_labels
from scoring.backtest.measures import Estimate
from scoring.backtest.verdict import seen_by, verdict

TODAY = dt.date(2026, 11, 26)
day = dt.date.fromisoformat


def labels_of(tmp_path, text: str | bytes) -> list[Label]:
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labels(path, today=TODAY)


def test_labels_are_read_with_and_without_the_acquirer(tmp_path):
    text = '\ufeffannounced,cik,acquirer\r\n2010-10-04,732485,"Sanofi, S.A."\r\n2011-01-02,0000000007,\r\n'
    assert labels_of(tmp_path, text) == [
        Label("0000732485", day("2010-10-04"), "Sanofi, S.A."),
        Label("0000000007", day("2011-01-02")),
    ]
    assert labels_of(tmp_path, "cik,announced\n1,2026-11-26\n") == [Label("0000000001", TODAY)]
    assert labels_of(tmp_path, "cik,announced\n") == []


@pytest.mark.parametrize("separator", [";", "\t"])
def test_labels_of_a_spreadsheet_of_another_country_are_read(tmp_path, separator):
    text = '\ufeffcik;announced;acquirer\r\n732485;2010-10-04;"Sanofi, S.A."\r\n7;2011-01-02;\r\n'
    assert labels_of(tmp_path, text.replace(";", separator)) == [
        Label("0000732485", day("2010-10-04"), "Sanofi, S.A."),
        Label("0000000007", day("2011-01-02")),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "labels.csv: is empty"),
        ("732485,2010-10-04\n", "labels.csv, line 1: the header lacks cik, announced"),
        ("cik,day\n1,2010-10-04\n", "labels.csv, line 1: the header lacks announced"),
        ("cik,announced\n12x,2010-10-04\n", "labels.csv, line 2: '12x' is no CIK"),
        ("cik,announced\n,2010-10-04\n", "labels.csv, line 2: '' is no CIK"),
        ("cik,announced\n12345678901,2010-10-04\n", "line 2: '12345678901' is no CIK"),
        ("cik,announced\n1,04.10.2010\n", "line 2: announced '04.10.2010' is no day YYYY-MM-DD"),
        ("cik,announced\n1,\n", "line 2: announced '' is no day"),
        ("cik,announced\n1,2010-02-30\n", "line 2: announced '2010-02-30' is no day"),
        ("cik,announced\n1,2026-11-27\n", "line 2: announced 2026-11-27, which is in the future"),
        ("cik,announced\n1,2010-10-04\n0000000001,2010-10-04\n", "line 3: the same announcement of 0000000001"),
        ("cik,announced\n1,2010-10-04,x,y\n", "line 2: has 4 columns, expected 2"),
        (b"cik,announced\n1,2010\x00\n", "line 2: contains a NUL byte"),
    ],
)
def test_faulty_labels_are_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(LabelError) as refused:
        labels_of(tmp_path, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_several_faults_are_told_in_the_same_line_each_with_its_reason(tmp_path):
    said = "line 2: 'a' is no CIK; line 3: announced 'x' is no day YYYY-MM-DD; line 5: announced 2099-01-01"
    with pytest.raises(LabelError, match=re.escape(said)):
        labels_of(tmp_path, "cik,announced\na,2010-10-04\n1,x\n1,2010-10-04\n2,2099-01-01\n")
    with pytest.raises(LabelError, match=r"line 6: 'e' is no CIK; and 2 more$"):
        labels_of(tmp_path, "cik,announced\n" + "".join(f"{name},2010-10-04\n" for name in "abcdefg"))


def test_missing_file_and_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(LabelError, match="no such file"):
            read_labels(path, today=TODAY)


def test_quarter_ends_include_both_ends():
    found = list(quarter_ends(day("2011-12-31"), day("2012-06-30")))
    assert found == [day("2011-12-31"), day("2012-03-31"), day("2012-06-30")]
    assert list(quarter_ends(day("2012-01-01"), day("2012-03-30"))) == []
    assert list(quarter_ends(day("9999-12-01"), dt.date.max)) == [dt.date.max]
    assert quarter_end(day("2012-02-29")) == day("2012-03-31")


def test_days_without_the_whole_horizon_are_left_out():
    days = list(quarter_ends(day("2010-01-01"), day("2010-12-31")))
    # 2010-06-30 + 365 days = 2011-06-30
    found = calendar(days, horizon_days=365, follow_up_begins=day("2010-01-01"), follow_up_ends=day("2011-06-30"))
    assert found.before_labels == ()
    assert found.days == (day("2010-03-31"), day("2010-06-30"))
    assert found.without_follow_up == (day("2010-09-30"), day("2010-12-31"))


def test_days_before_the_labels_begin_are_left_out():
    days = list(quarter_ends(day("2010-01-01"), day("2010-12-31")))
    found = calendar(days, horizon_days=365, follow_up_begins=day("2010-07-01"), follow_up_ends=TODAY)
    assert found.before_labels == (day("2010-03-31"),)
    assert found.days == (day("2010-06-30"), day("2010-09-30"), day("2010-12-31"))


def test_list_begins_with_the_quarter_of_its_first_label_where_it_was_silent_long_before():
    monthly = [dt.date(2010, month, 15) for month in range(2, 13)]
    # 303 days in ten pauses: five of them are 151.5 days, from 17 September to 15 February are 151
    assert labels_begin(monthly, first_day=day("2009-09-17")) == day("2009-09-17")
    assert labels_begin(monthly, first_day=day("2009-09-16")) == day("2010-01-01")
    assert labels_begin(monthly[:9], first_day=day("1999-01-01")) == day("1999-01-01")


def test_few_labels_are_taken_to_be_complete_up_to_today():
    assert labels_end([day("2010-10-04")] * 9, today=TODAY) == TODAY
    assert labels_end([], today=TODAY) == TODAY


def test_list_that_fell_silent_ends_with_the_quarter_of_its_last_label():
    monthly = [dt.date(2010, month, 15) for month in range(1, 12)]
    assert labels_end(monthly, today=TODAY) == day("2010-12-31")
    # 304 days in ten pauses: 30.4 each, five of them 152 days from 15 November
    assert labels_end(monthly, today=day("2011-04-16")) == day("2011-04-16")
    assert labels_end(monthly, today=day("2011-04-17")) == day("2010-12-31")


DAYS = (day("2010-06-30"), day("2011-06-30"))


def followed(**changes) -> FollowUp:
    seen = changes.pop("seen", {"A": day("2015-01-01")})
    found = {
        "days": DAYS,
        "horizon_days": 365,
        "deals": {},
        "seen_by": {"A": [day("2010-05-10"), day("2011-05-10")]},
        "delisted_by": {"A": [None, None]},
        "seen": seen,
        "delisted": {},
        "ledger_ends": day("2015-01-01"),
    }
    return FollowUp(**{**found, **changes})


def test_deal_counts_from_the_day_after_to_the_last_day_of_the_horizon():
    for announced, positive in (
        ("2010-06-30", False),
        ("2010-07-01", True),
        ("2011-06-30", True),
        ("2011-07-01", False),
    ):
        found = followed(deals={"A": [Deal(7, day(announced))]})
        assert (found.outcome("A", DAYS[0]).deal == 7) is positive, announced


def test_company_is_pending_from_the_announcement_until_it_is_called_off():
    found = followed(deals={"A": [Deal(0, day("2010-06-30"), ended=day("2011-06-30"))]})
    assert [found.is_pending("A", day(text)) for text in ("2010-06-29", "2010-06-30", "2011-06-29", "2011-06-30")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_company_that_vanishes_without_a_label_is_censored():
    # last filing within the horizon of the first day, ledger goes on for years
    found = followed(seen={"A": day("2011-06-01")})
    assert found.outcome("A", DAYS[0]) == Outcome(is_censored=True)
    # it filed until the horizon ended: followed for all of it
    assert followed(seen={"A": day("2011-06-30")}).outcome("A", DAYS[0]) == Outcome()


def test_company_that_vanishes_with_a_label_is_a_positive():
    found = followed(seen={"A": day("2010-09-01")}, deals={"A": [Deal(3, day("2010-10-04"))]})
    assert found.outcome("A", DAYS[0]) == Outcome(deal=3)


def test_company_bought_after_the_horizon_was_there_until_its_end():
    found = followed(seen={"A": day("2011-05-10")}, deals={"A": [Deal(3, day("2011-07-20"))]})
    assert found.outcome("A", DAYS[0]) == Outcome()


def test_company_that_filed_to_the_end_of_the_ledger_has_not_vanished():
    """The ledger ends before the horizon: what speaks for `not bought` are the labels alone, and that is said."""
    found = followed(seen={"A": day("2010-06-14")}, ledger_ends=day("2010-06-20"))
    assert found.outcome("A", DAYS[0]) == Outcome(is_on_labels_alone=True)


def test_takeover_that_is_no_label_ends_the_follow_up():
    found = followed(deals={"A": [Deal(-1, day("2010-10-04"), is_label=False)]})
    assert found.outcome("A", DAYS[0]) == Outcome(is_censored=True)


def test_company_is_listed_while_it_files():
    found = followed()
    assert [found.is_listed("A", 0), found.is_listed("A", 1), found.is_listed("B", 0)] == [True, True, False]
    # 400 days of silence are an annual filer's, 401 are not
    silent = followed(seen_by={"A": [DAYS[0] - dt.timedelta(days=400), DAYS[1] - dt.timedelta(days=401)]})
    assert [silent.is_listed("A", 0), silent.is_listed("A", 1)] == [True, False]
    assert followed(seen_by={"A": [None, None]}).is_listed("A", 0) is False


def test_delisted_company_is_out_unless_it_files_again():
    out = followed(delisted_by={"A": [day("2010-05-10"), day("2010-05-10")]})
    assert [out.is_listed("A", 0), out.is_listed("A", 1)] == [False, True]


def test_company_that_ends_with_its_delisting_has_vanished_at_once():
    found = followed(seen={"A": day("2010-12-01")}, delisted={"A": day("2010-12-01")}, ledger_ends=day("2011-01-10"))
    assert found.outcome("A", DAYS[0]) == Outcome(is_censored=True)


GOOD = Estimate(0.7, 0.64, 0.77)


def judge(**changes):
    found = {"positives": 80, "unseen_deals": 60, "auroc": GOOD, "differences": {}, "controls": {"shuffled": True}}
    return verdict(**{**found, **changes})


def test_verdict_refuses_below_sixty_unseen_deals_and_says_how_many():
    assert judge(unseen_deals=59).words == "not validated: 59 unseen deals of the 60 that it takes"
    assert judge().validated
    assert judge().words == "validated on 60 unseen deals"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"positives": 9}, "insufficient positives (9)"),
        ({"controls": {"future_fact": False}}, "not validated: controls that do not hold: future_fact"),
        ({"auroc": Estimate(0.6, 0.5, 0.7)}, "not validated: on 60 unseen deals no better than chance"),
        ({"differences": {"size_only": Estimate(0.05, -0.01, 0.1)}}, "not surely above size only"),
    ],
)
def test_verdict_names_what_is_in_the_way(changes, said):
    found = judge(**changes)
    assert not found.validated
    assert said in found.words


def test_deals_behind_the_first_weights_are_seen_and_all_earlier_ones_by_whoever_makes_a_version():
    first = seen_by("1", day("2026-11-01"))
    assert [day(text) in first for text in ("2021-06-29", "2021-06-30", "2024-06-30", "2024-07-01")] == [
        False, True, True, False,
    ]  # fmt: skip
    own = seen_by("2", day("2026-11-01"))
    assert day("1999-01-01") in own
    assert day("2026-11-02") not in own
