"""News are told once a transaction, at its end, within it, and not at all when it fails."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.utils import timezone

from biotech_ma.core import news
from biotech_ma.core.services import recorded
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.models import Signal
from signals_app.services import SIGNALS, correct_signal, record_signal
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

TOPIC = "test topic"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, news.Span, dict[str, str]]]:
    """What listeners of the test's topic and of signals are told."""
    told: list[tuple[str, news.Span, dict[str, str]]] = []
    monkeypatch.setattr(news, "_listeners", {})
    for topic in (TOPIC, SIGNALS):
        news.when_told(topic, lambda span, topic=topic, **about: told.append((topic, span, about)))
    return told


def test_the_same_news_is_told_once_at_the_end_of_the_outermost_block(heard):
    with recorded("outer"):
        news.tell(TOPIC, day="2026-06-30")
        with recorded("inner"):
            news.tell(TOPIC, day="2026-06-30")
            news.tell(TOPIC, day="2026-06-29")
        assert heard == []
    assert [(topic, about) for topic, _, about in heard] == [
        (TOPIC, {"day": "2026-06-30"}),
        (TOPIC, {"day": "2026-06-29"}),
    ]


def test_a_listener_works_in_the_transaction_of_the_news(heard):
    news.when_told(TOPIC, lambda span, **about: heard.append(("open", span, {"open": str(connection.in_atomic_block)})))
    with recorded("outer"):
        news.tell(TOPIC)
    assert heard[-1][2] == {"open": "True"}


def test_a_block_that_fails_tells_nothing_and_leaves_nothing_for_the_next(heard):
    @recorded("fails")
    def fail() -> None:
        news.tell(TOPIC)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with recorded("holds"):
        pass
    assert heard == []


def test_a_dry_run_tells_nothing(heard):
    with recorded("dry run"):
        news.tell(TOPIC)
        transaction.set_rollback(True)
    assert heard == []


def test_outside_of_a_block_news_is_told_at_once(heard):
    with transaction.atomic():
        news.tell(TOPIC)
        assert len(heard) == 1


def test_news_without_a_listener_costs_no_query(heard, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(0):
        news.tell("nobody listens")


def written(span: news.Span) -> set[str]:
    return set(Signal.objects.filter(created_at__range=(span.since, span.until)).values_list("title", flat=True))


def test_an_appended_and_a_corrected_signal_are_told_with_a_span_that_holds_them(heard):
    company = CompanyFactory()
    signal = record_signal(company=company, signal_type="other_event", event_date=timezone.now(), title="first")
    correct_signal(signal=signal, changes={"title": "corrected"})
    assert [topic for topic, _, _ in heard] == [SIGNALS, SIGNALS]
    assert "first" in written(heard[0][1])
    assert "corrected" in written(heard[1][1])


def record(company: object, key: str) -> SignalRecord:
    now = timezone.now()
    return SignalRecord(company.pk, "other_event", now, now, key, "test", key, None, {})  # type: ignore[attr-defined]


def test_merged_signals_are_told_when_some_are_new(heard):
    company = CompanyFactory()
    SignalFactory(company=company, source="test", source_id="a")
    with recorded("ingest"):
        merge_signals([record(company, "a")])
    assert heard == []
    with recorded("ingest"):
        merge_signals([record(company, "a"), record(company, "b")])
        merge_signals([record(company, "c")])
    assert [topic for topic, _, _ in heard] == [SIGNALS]
    assert {"b", "c"} <= written(heard[0][1])
