"""The queue in the admin: what is chosen is decided, a refusal is a message."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from signals_app.ingest.merge.reviews import merge_reviews
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory
from tests.signals_app.test_edgar_review import proposal

pytestmark = pytest.mark.django_db
LIST = "admin:signals_app_reviewitem_changelist"


@pytest.fixture
def analyst(client):
    user = get_user_model().objects.create_superuser("analyst", "a@example.com", "pw")
    client.force_login(user)
    return user


@pytest.mark.parametrize(("action", "status", "signals"), [("accept", "accepted", 1), ("reject", "rejected", 0)])
def test_chosen_proposal_is_decided(client, analyst, action, status, signals):
    merge_reviews([proposal(CompanyFactory())])
    item = ReviewItem.objects.get()
    for _ in range(2):
        answer = client.post(reverse(LIST), {"action": action, "_selected_action": str(item.pk)}, follow=True)
        assert answer.status_code == 200
    item.refresh_from_db()
    assert (item.status, item.decided_by, Signal.objects.count()) == (status, analyst, signals)


def test_list_and_page_show_the_evidence(client, analyst):
    merge_reviews([proposal(CompanyFactory())])
    assert b"Clinical hold on TB-101" in client.get(reverse(LIST)).content
    page = client.get(reverse("admin:signals_app_reviewitem_change", args=[ReviewItem.objects.get().pk]))
    assert b"placed the trial on clinical hold" in page.content
