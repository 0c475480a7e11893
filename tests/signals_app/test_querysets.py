"""Questions about the ledger: what, when, how grave, and what was known by then."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from signals_app.models import FinancialFact, Signal
from signals_app.title_words import titled
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)


def at(day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2025, 6, day, hour, minute, tzinfo=dt.UTC)


def titles(rows) -> list[str]:
    return [row.title for row in rows]


def test_of_types_unknown_type_is_an_error_that_names_the_near_one():
    with pytest.raises(ValueError, match=r"unknown signal type 'fda_aproval'.*fda_approval"):
        Signal.objects.of_types("fda_aproval")


def test_of_company_and_types_leave_the_others_out():
    company = CompanyFactory(ticker="ACME")
    SignalFactory(company=company, title="started")
    SignalFactory(company=company, signal_type="market", title="market")
    SignalFactory()
    assert set(titles(Signal.objects.of_company("acme"))) == {"started", "market"}
    assert titles(Signal.objects.of_company(company.pk).of_types("market", "hiring")) == ["market"]


@pytest.mark.parametrize(
    ("minimum", "found"),
    [("low", 4), ("medium", 3), ("high", 2), ("critical", 1)],
)
def test_at_least_means_this_severity_or_above(minimum, found):
    for severity in ("low", "medium", "high", "critical"):
        SignalFactory(severity=severity)
    assert Signal.objects.at_least(minimum).count() == found


@pytest.mark.parametrize("word", ["severe", "", "LOW"])
def test_at_least_unknown_severity_is_an_error_not_low(word):
    with pytest.raises(ValueError, match="unknown severity"):
        Signal.objects.at_least(word)


def test_between_moments_includes_both_ends():
    for day in (1, 2, 3, 4):
        SignalFactory(title=str(day), event_date=at(day))
    assert titles(Signal.objects.between(at(2), at(3))) == ["3", "2"]
    assert titles(Signal.objects.between(None, at(1))) == ["1"]
    assert titles(Signal.objects.between(at(4), None)) == ["4"]


def test_between_days_means_the_market_s_days():
    # New York is four hours behind UTC in June.
    SignalFactory(title="the day before there", event_date=at(2, 3, 59))
    SignalFactory(title="first minute", event_date=at(2, 4))
    SignalFactory(title="last minute", event_date=at(3, 3, 59))
    SignalFactory(title="the day after there", event_date=at(3, 4))
    day = dt.date(2025, 6, 2)
    assert titles(Signal.objects.between(day, day)) == ["last minute", "first minute"]


@pytest.mark.parametrize(
    "question",
    [
        lambda moment: Signal.objects.between(moment, None),
        lambda moment: Signal.objects.between(None, moment),
        lambda moment: Signal.objects.current().as_of(moment),
    ],
)
def test_timestamp_without_a_zone_is_refused(question):
    with pytest.raises(ValueError, match="time zone"):
        question(dt.datetime(2025, 6, 1))


def test_recent_is_newest_first_without_what_is_still_to_come():
    now = timezone.now()
    for title, days in (("today", 0), ("last week", 7), ("last year", 365), ("to come", -30)):
        SignalFactory(title=title, event_date=now - dt.timedelta(days=days, minutes=1))
    assert titles(Signal.objects.recent()) == ["today", "last week", "last year"]
    assert titles(Signal.objects.recent(2)) == ["today", "last week"]
    assert titles(Signal.objects.recent(None, days=30)) == ["today", "last week"]


def test_counts_by_type_most_frequent_first_and_by_severity_with_zeros():
    SignalFactory.create_batch(2, signal_type="market", severity="high")
    SignalFactory(signal_type="hiring", severity="low")
    assert list(Signal.objects.counts_by_type().items()) == [("market", 2), ("hiring", 1)]
    assert Signal.objects.counts_by_severity() == {"low": 1, "medium": 0, "high": 2, "critical": 0}
    assert Signal.objects.at_least("high").counts_by_type() == {"market": 2}


@pytest.fixture
def corrected():
    """A row of 1 June, corrected on the 10th, and the correction corrected on the 20th."""
    first = SignalFactory(title="first", available_at=at(1))
    second = SignalFactory(company=first.company, title="second", available_at=at(10), supersedes=first)
    SignalFactory(company=first.company, title="third", available_at=at(20), supersedes=second)


@pytest.mark.usefixtures("corrected")
@pytest.mark.parametrize(
    ("moment", "known"),
    [
        (at(1, 11, 59), []),
        (at(1), ["first"]),
        (at(10, 11, 59), ["first"]),
        (at(10), ["second"]),
        (at(20), ["third"]),
    ],
)
def test_as_of_shows_the_row_that_held_then(moment, known):
    assert titles(Signal.objects.as_of(moment)) == known


@pytest.mark.usefixtures("corrected")
def test_current_shows_the_last_correction_only():
    assert titles(Signal.objects.current()) == ["third"]


def test_current_keeps_the_old_row_until_its_correction_is_available():
    old = SignalFactory(title="old")
    SignalFactory(title="to come", supersedes=old, available_at=timezone.now() + dt.timedelta(days=1))
    assert titles(Signal.objects.current()) == ["old"]


def test_known_by_day_ends_at_midnight_in_new_york():
    SignalFactory(title="last minute of the 2nd", available_at=at(3, 3, 59))
    SignalFactory(title="midnight", available_at=at(3, 4))
    assert titles(Signal.objects.known_by_day(dt.date(2025, 6, 2))) == ["last minute of the 2nd"]
    assert Signal.objects.known_by_day(dt.date(2025, 6, 3)).count() == 2


def test_known_by_day_follows_winter_time():
    SignalFactory(available_at=dt.datetime(2025, 1, 3, 4, 59, tzinfo=dt.UTC))
    SignalFactory(available_at=dt.datetime(2025, 1, 3, 5, 0, tzinfo=dt.UTC))
    assert Signal.objects.known_by_day(dt.date(2025, 1, 2)).count() == 1


def test_known_by_day_correction_at_midnight_hides_nothing_yet():
    old = SignalFactory(title="old", available_at=at(1))
    SignalFactory(title="new", available_at=at(3, 4), supersedes=old)
    assert titles(Signal.objects.known_by_day(dt.date(2025, 6, 2))) == ["old"]
    assert titles(Signal.objects.known_by_day(dt.date(2025, 6, 3))) == ["new"]


def test_containing_asks_by_containment():
    SignalFactory(title="a", signal_data={"nct": "NCT1", "sites": [1, 2]})
    SignalFactory(title="b", signal_data={"nct": "NCT2"})
    assert titles(Signal.objects.containing({"nct": "NCT1"})) == ["a"]
    assert titles(Signal.objects.containing({"sites": [2]})) == ["a"]
    assert Signal.objects.containing({}).count() == 2


def test_with_company_takes_one_query(django_assert_num_queries):
    SignalFactory.create_batch(3)
    with django_assert_num_queries(1):
        assert all(row.company.name for row in Signal.objects.with_company())


def test_facts_by_concept_company_and_day():
    company = CompanyFactory(ticker="ACME")
    for concept, day in (("cash", 1), ("cash", 20), ("debt", 1)):
        FinancialFact.objects.create(
            company=company, concept=concept, period_end=dt.date(2025, 3, 31), value=day, available_at=at(day)
        )
    cash = FinancialFact.objects.of_company("ACME").of_concepts("cash")
    assert cash.count() == 2
    assert [fact.value for fact in cash.known_by_day(dt.date(2025, 6, 19))] == [1]
    assert FinancialFact.objects.of_concepts("cash", "debt").count() == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("phase", ["Phase III of ABC-123"]),
        ("PHASE iii", ["Phase III of ABC-123"]),
        ("123 abc", ["Phase III of ABC-123"]),
        ("abc-12", ["Phase III of ABC-123"]),
        ("hase", []),
        ("phase zürich", []),
        ("züri", ["Zürich buys 1.5% of O'Hara & Söhne"]),
        ("1.5% o'h", ["Zürich buys 1.5% of O'Hara & Söhne"]),
        ("söhne:* | !", ["Zürich buys 1.5% of O'Hara & Söhne"]),
        ("' & | ! ( ) :* \\", []),
        ("", []),
    ],
)
def test_words_of_a_title_are_found_by_what_they_begin_with(text, found):
    for title in ("Phase III of ABC-123", "Zürich buys 1.5% of O'Hara & Söhne"):
        SignalFactory(title=title)
    assert titles(Signal.objects.filter(titled(text))) == found
