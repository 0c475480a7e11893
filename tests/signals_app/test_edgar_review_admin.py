"""The queue in the admin: what is chosen is decided, a refusal is a message."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from biotech_ma.core.admin_settings import NAVIGATION
from companies.choices import Phase
from companies.models import CompanyAlias
from signals_app.ingest.merge.reviews import merge_reviews
from signals_app.models import ReviewItem, Signal
from signals_app.review_services import reject_review
from tests.factories import CompanyFactory, DrugCandidateFactory
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
    chosen = {"action": action, "_selected_action": str(item.pk)}
    asked = client.post(reverse(LIST), chosen)
    assert f"{action.capitalize()} 1 proposal?".encode() in asked.content
    item.refresh_from_db()
    assert (item.status, Signal.objects.count()) == ("open", 0)
    for _ in range(2):
        answer = client.post(reverse(LIST), {**chosen, "confirmed": "yes", "reason": "read it"}, follow=True)
        assert answer.status_code == 200
    item.refresh_from_db()
    assert (item.status, item.decided_by, Signal.objects.count()) == (status, analyst, signals)
    assert item.reason == "read it"


def test_queue_shows_what_is_open_unless_asked(client, analyst):
    merge_reviews([proposal(CompanyFactory()), proposal(CompanyFactory(), source_id="b")])
    reject_review(item=ReviewItem.objects.get(source_id="b"))
    shown = [
        client.get(reverse(LIST), {"queue": asked}).context["cl"].result_count for asked in ("", "rejected", "all")
    ]
    assert shown == [1, 1, 2]


def test_item_without_a_company_is_accepted_once_one_is_chosen(client, analyst):
    merge_reviews([proposal(None, kind="alias", proposed={"kind": "name", "alias": "ARDEN LABS"})])
    item, company = ReviewItem.objects.get(), CompanyFactory(name="Arden Testbio")
    url = reverse("admin:signals_app_reviewitem_accept_one", args=[item.pk])
    assert b"This field is required" in client.post(url, {"company": "", "reason": ""}).content
    answer = client.post(url, {"company": str(company.pk), "reason": "its own site"})
    assert answer.status_code == 302
    item.refresh_from_db()
    assert (item.status, item.company, item.reason) == ("accepted", company, "its own site")
    assert CompanyAlias.objects.get().company == company


def test_analyst_says_which_readout_it_is_and_of_which_day(client, analyst):
    merge_reviews([proposal(CompanyFactory())])
    item = ReviewItem.objects.get()
    url = reverse("admin:signals_app_reviewitem_accept_one", args=[item.pk])
    said = {
        "company": str(item.company_id),
        "signal_type": "clinical_hold_lifted",
        "event_day": "2024-03-04",
        "title": "Lifted",
    }
    client.post(url, said)
    row = Signal.objects.get()
    assert (row.signal_type, row.title) == ("clinical_hold_lifted", "Lifted")
    assert (row.event_date, row.available_at) == (
        dt.datetime(2024, 3, 4, 5, tzinfo=dt.UTC), dt.datetime(2024, 3, 5, 21, 5, tzinfo=dt.UTC),
    )  # fmt: skip


def test_refusal_stays_on_the_form(client, analyst):
    arden, other = CompanyFactory(name="Arden Testbio"), CompanyFactory(name="Old Labs, Inc.")
    merge_reviews([proposal(arden, kind="alias", proposed={"kind": "name", "alias": "OLD LABS"})])
    item = ReviewItem.objects.get()
    url = reverse("admin:signals_app_reviewitem_accept_one", args=[item.pk])
    page = client.post(url, {"company": str(arden.pk)}).content.decode()
    assert f"OLD LABS is a name of {other.name}; one that leads to two leads to neither." in page
    item.refresh_from_db()
    assert (item.status, CompanyAlias.objects.count()) == ("open", 0)


def test_accepting_a_split_says_what_it_writes(client, analyst):
    said = {"day": "2026-05-05", "shares": "3000", "market_cap_usd": "4800000.00", "market_cap_as_of": "2026-05-06"}
    item = ReviewItem.objects.create(
        kind="split", company=CompanyFactory(), title="A split?", proposed=said, source="prices", source_id="a"
    )
    page = client.get(reverse("admin:signals_app_reviewitem_accept_one", args=[item.pk])).content.decode()
    assert "Writes the market cap, USD: $4,800,000</p>" in page
    assert "Writes the market cap as of: 2026-05-06</p>" in page


def test_accepting_a_value_names_fields_by_their_labels_with_units(client, analyst):
    company = CompanyFactory()
    drug = DrugCandidateFactory(company=company)
    said = {"field": "market_cap_usd", "value": "1312345678.00", "held": "1000000.50", "with": {
        "market_cap_as_of": "2026-05-06"}}  # fmt: skip
    about_a_drug = {"field": "phase", "value": "nda_bla", "candidate": str(drug.pk)}
    pages = []
    for number, proposed in enumerate((said, about_a_drug)):
        item = ReviewItem.objects.create(
            kind="value", company=company, title="?", proposed=proposed, source="x", source_id=str(number)
        )
        url = reverse("admin:signals_app_reviewitem_accept_one", args=[item.pk])
        pages.append(client.get(url).content.decode())
    assert "Writes the market cap, USD: $1,312,345,678 (it is $1,000,000.50)</p>" in pages[0]
    assert "Writes the market cap as of: 2026-05-06</p>" in pages[0]
    assert f"Writes the phase: {Phase.NDA_BLA.label}</p>" in pages[1]


@pytest.mark.parametrize(
    ("model", "words"),
    [("reviewitem", "Review queue"), ("ingestrun", "Runs of sources"), ("financialfact", "Reported figures")],
)
def test_breadcrumbs_say_what_the_menu_says(client, analyst, model, words):
    page = client.get(reverse(f"admin:signals_app_{model}_changelist"))
    assert str(page.context["cl"].opts.verbose_name_plural).capitalize() == words
    menu = [item["title"] for group in NAVIGATION for item in group["items"] if model in str(item["link"])]
    assert menu == [words]


def test_who_may_only_look_decides_nothing(client):
    merge_reviews([proposal(CompanyFactory())])
    user = get_user_model().objects.create_user("viewer", password="pw", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reviewitem"))
    client.force_login(user)
    url = reverse("admin:signals_app_reviewitem_accept_one", args=[ReviewItem.objects.get().pk])
    assert client.post(url, {"company": str(ReviewItem.objects.get().company_id)}).status_code == 403
    assert ReviewItem.objects.get().status == "open"


def test_list_and_page_show_the_evidence(client, analyst):
    merge_reviews([proposal(CompanyFactory())])
    assert b"Clinical hold on TB-101" in client.get(reverse(LIST)).content
    page = client.get(reverse("admin:signals_app_reviewitem_change", args=[ReviewItem.objects.get().pk]))
    assert b"placed the trial on clinical hold" in page.content
