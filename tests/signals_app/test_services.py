"""Signals are appended with the catalogue's defaults, and corrected by superseding rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from biotech_ma.core.services import Refused, archive
from signals_app.catalogue import CATALOGUE
from signals_app.models import Signal
from signals_app.services import correct_signal, default_impact, record_signal
from tests.concurrency import together
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

EVENT = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)


def record(**changes):
    fields = {"signal_type": "partnership", "event_date": EVENT, "title": "A deal", **changes}
    return record_signal(company=fields.pop("company", None) or CompanyFactory(), **fields)


def test_record_signal_takes_severity_and_impact_from_the_catalogue():
    signal = Signal.objects.get(pk=record(signal_type="partnership_ended").pk)
    assert (signal.severity, signal.ma_impact_score) == ("high", Decimal(-8))
    assert abs(signal.available_at - timezone.now()) < dt.timedelta(minutes=1)


def test_record_signal_given_values_win_over_the_catalogue():
    signal = record(severity="low", ma_impact_score=Decimal(0), available_at=EVENT)
    signal.refresh_from_db()
    assert (signal.severity, signal.ma_impact_score, signal.available_at) == ("low", 0, EVENT)


@pytest.mark.parametrize("signal_type", CATALOGUE)
def test_every_type_of_the_catalogue_can_be_recorded_with_its_defaults(signal_type):
    assert abs(default_impact(signal_type)) <= 10
    assert record(signal_type=signal_type).pk


def test_record_signal_unknown_type_is_an_error_that_names_the_near_one():
    with pytest.raises(ValueError, match="partnership"):
        record(signal_type="partnershp")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event_date": dt.datetime(2025, 6, 1)}, "time zone"),
        ({"available_at": dt.datetime(2025, 6, 1)}, "time zone"),
        ({"severity": "grave"}, "grave"),
        ({"title": ""}, "title"),
        ({"title": "   "}, "needs a title"),
        ({"title": "x" * 501}, "500"),
        ({"confidence": Decimal("1.5")}, "between 0 and 1"),
        ({"ma_impact_score": Decimal(11)}, "between −10 and"),
        ({"signal_data": [1]}, "JSON object"),
    ],
)
def test_record_signal_wrong_value_is_a_validation_error_and_writes_nothing(changes, words):
    with pytest.raises(ValidationError, match=words):
        record(**changes)
    assert not Signal.objects.exists()


def test_record_signal_of_archived_company_is_refused():
    company = CompanyFactory()
    archive(row=company)
    with pytest.raises(Refused, match="archived") as refusal:
        record(company=company)
    assert refusal.value.field == "company"


def test_record_signal_source_id_twice_is_refused():
    record(source="edgar", source_id="0001-1")
    with pytest.raises(Refused, match="already delivered") as refusal:
        record(source="edgar", source_id="0001-1")
    assert refusal.value.field == "source_id"


def test_correct_signal_appends_a_row_with_the_other_fields_copied():
    old = SignalFactory(
        source="edgar",
        source_id="1",
        severity="high",
        description="text",
        signal_data={"a": 1},
        confidence=Decimal("0.5"),
        source_url="https://example.org/1",
        ma_impact_score=3,
    )
    new = correct_signal(signal=old, changes={"title": "Right"})
    old.refresh_from_db()
    new = Signal.objects.get(pk=new.pk)
    assert new.supersedes == old
    assert new.title == "Right"
    assert old.title != "Right"
    for field in (
        "company",
        "signal_type",
        "event_date",
        "severity",
        "description",
        "signal_data",
        "confidence",
        "source_url",
        "ma_impact_score",
    ):
        assert getattr(new, field) == getattr(old, field), field
    assert (new.source, new.source_id) == ("analyst", None)
    assert list(Signal.objects.current()) == [new]


def test_correct_signal_by_a_source_s_new_version_keeps_the_source():
    old = SignalFactory(source="edgar", source_id="1:v1")
    new = correct_signal(signal=old, changes={"title": "v2", "source": "edgar", "source_id": "1:v2"})
    assert (new.source, new.source_id) == ("edgar", "1:v2")


def test_correct_signal_twice_is_refused_naming_the_newer_row():
    old = SignalFactory()
    new = correct_signal(signal=old, changes={"title": "second"})
    with pytest.raises(Refused, match=str(new.pk)):
        correct_signal(signal=old, changes={"title": "third"})
    assert correct_signal(signal=new, changes={"title": "third"}).supersedes == new


@pytest.mark.parametrize("changes", [{}, {"severity": "low"}])
def test_correct_signal_without_a_change_is_refused(changes):
    with pytest.raises(Refused, match="nothing"):
        correct_signal(signal=SignalFactory(severity="low"), changes=changes)


def test_correct_signal_unknown_field_is_an_error_that_names_the_near_one():
    with pytest.raises(ValueError, match="title"):
        correct_signal(signal=SignalFactory(), changes={"titel": "x"})


def test_correct_signal_is_not_known_before_what_it_corrects():
    old = SignalFactory(available_at=EVENT)
    with pytest.raises(ValidationError, match="before"):
        correct_signal(signal=old, changes={"title": "x"}, available_at=EVENT - dt.timedelta(seconds=1))
    assert correct_signal(signal=old, changes={"title": "x"}, available_at=EVENT).available_at == EVENT


def test_correct_signal_of_a_row_still_to_come_becomes_known_with_it():
    to_come = timezone.now() + dt.timedelta(days=3)
    new = correct_signal(signal=SignalFactory(available_at=to_come), changes={"title": "x"})
    assert new.available_at == to_come


@pytest.mark.django_db(transaction=True)
def test_two_corrections_at_once_one_is_refused():
    old = SignalFactory()
    results = together(*[lambda n=n: correct_signal(signal=old, changes={"title": f"n{n}"}) for n in range(3)])
    assert sorted(type(result).__name__ for result in results) == ["Refused", "Refused", "Signal"]
    assert Signal.objects.filter(supersedes=old).count() == 1
