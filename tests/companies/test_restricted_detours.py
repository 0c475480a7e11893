"""Ways round the restricted list and private watchlists: an address, a merge and its undoing, a new ticker, a trial."""

from __future__ import annotations

import pytest
from django.utils import timezone

from companies.merging import merge, undo_merge
from companies.models import CompanyNote, Restriction, RestrictionClearance, Watchlist
from companies.restrictions import put_on
from delivery.models import Alert, Report
from tests.companies.restricted_desk import page, text
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db


def test_who_keeps_the_list_does_not_read_the_reason_letter_by_letter_by_the_address(desk):
    listing = page("companies.restriction", "changelist")
    for query in ("reason__startswith=M", "reason__regex=^M", "reason=Mandate+of+the+target"):
        assert desk.lea.get(f"{listing}?{query}").status_code == 400, query
    assert "Alpha Bio" in text(desk.lea.get(f"{listing}?state=now"))


def test_the_preview_of_a_merge_counts_no_closed_note(desk):
    twin = CompanyFactory(ticker="AAX", name="Alpha Biosciences")
    CompanyNote.objects.create(company=twin, text="Open to all")
    address = page("companies.company", "merge", desk.held.pk) + f"?duplicate={twin.pk}"
    counted = {}
    for name in ("ann", "bob"):
        [notes] = [row for row in getattr(desk, name).get(address).context["preview"].amounts if row.label == "Notes"]
        counted[name] = notes.kept, notes.duplicate
    assert counted == {"ann": (1, 1), "bob": (0, 1)}


def test_undoing_a_merge_opens_nothing_that_was_read_as_the_listed_company(desk):
    twin, third = CompanyFactory(ticker="CCC", name="Gamma"), CompanyFactory(ticker="CCX", name="Gamma Bio")
    CompanyNote.objects.create(company=third, text="Project Heron")
    made = merge(kept=twin, duplicate=third, reason="One")
    put_on(company=twin, reason="Mandate of Gamma", cleared=[desk.users.ann])
    notes = page("companies.companynote", "changelist")
    assert "Project Heron" not in text(desk.bob.get(notes))
    outcome = undo_merge(merge=made, by=desk.users.bob, reason="They are two")
    assert outcome.message == (
        "Gamma Bio (CCX) stands for itself again, beside Gamma (CCC). Both are on the restricted list."
    )
    assert "Project Heron" not in text(desk.bob.get(notes))
    assert "Project Heron" in text(desk.ann.get(notes))
    restriction = Restriction.objects.live().get(company=third)
    assert (restriction.reason, restriction.put_on_by) == ("Mandate of Gamma", desk.users.bob)
    cleared = RestrictionClearance.objects.filter(restriction=restriction)
    assert list(cleared.values_list("user__username", flat=True)) == ["ann"]


def test_undoing_a_merge_of_companies_that_are_not_listed_lists_none(desk):
    twin, third = CompanyFactory(ticker="CCC", name="Gamma"), CompanyFactory(ticker="CCX", name="Gamma Bio")
    undo_merge(merge=merge(kept=twin, duplicate=third, reason="One"), reason="Two")
    assert [row.company for row in Restriction.objects.live()] == [desk.held]


@pytest.mark.parametrize("column", ["companies_included", "companies_asked"])
def test_another_ticker_or_name_opens_no_earlier_report(desk, column):
    nameless = CompanyFactory(ticker=None, name="Delta Bio")
    put_on(company=nameless, reason="Mandate of Delta", cleared=[desk.users.ann])
    for named in ("AAA", "Delta Bio"):
        Report.objects.create(
            report_type="deep_dive", title=f"On {named}", format="html", report_date=timezone.localdate(),
            **{column: [named]},
        )  # fmt: skip
    reports = page("delivery.report", "changelist")
    for company, changes in ((desk.held, {"ticker": "AAB"}), (nameless, {"name": "Delta Therapeutics"})):
        for name, value in changes.items():
            setattr(company, name, value)
        company.save()
    shown = {name: text(getattr(desk, name).get(reports)) for name in ("ann", "bob")}
    for named in ("AAA", "Delta Bio"):
        assert f"On {named}" in shown["ann"]
        assert f"On {named}" not in shown["bob"]


def test_the_trial_of_an_alert_does_not_read_another_ones_private_watchlist(desk):
    listed = Watchlist.objects.create(owner=desk.users.ann, name="Falcons")
    listed.companies.add(desk.other)
    SignalFactory(company=desk.other, event_date=timezone.now(), available_at=timezone.now())
    alert = Alert.objects.create(
        name="Watch", alert_type="new_signal", watchlist=listed, notification_channels=["inbox"]
    )
    trial = page("delivery.alert", "test_alert", alert.pk)
    assert "BBB" in text(desk.ann.get(trial))
    refused = text(desk.bob.get(trial))
    assert "It watches a private watchlist of ann: who owns that can test it." in refused
    assert "BBB" not in refused
    Watchlist.objects.filter(pk=listed.pk).update(is_shared=True)
    assert "BBB" in text(desk.bob.get(trial))
