"""Possible duplicates: found by what companies are called, worked off pair by pair, and from the review queue."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.services import Refused
from companies.duplicates import possible_duplicates, possible_duplicates_of, propose_again, tell_apart
from companies.merging import merge, undo_merge
from companies.models import Company, CompanyAlias, CompanyDistinction, CompanyMerge
from delivery.roles import ANALYST, VIEWER
from signals_app.ingest.names import in_any_order, normalised
from signals_app.models import ReviewItem
from tests.companies.test_merging_admin import sent, signed_in
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
STARTER = Path(__file__).parents[2] / "companies" / "starter" / "companies.csv"
LIST = reverse("admin:companies_companydistinction_possible")
APART = reverse("admin:companies_companydistinction_apart")
HARD_NAMES = [
    "ACADIA PHARMS INC", "LILLY ELI & CO", "Eli Lilly and Company", "Société des Produits Nestlé S.A. (SPN)",
    "AB Science", "Co-Diagnostics, Inc.", "The Medicines Company", "The", "Inc.", "US", "America Inc", "---", "日本",
    "Novo Nordisk A/S", "argenx B.V.", "Merus N.V.", "Recordati S.p.A.", "Alkermes P L C", "X L L C", "Ab S A S",
    "Foo Ltd, a wholly owned subsidiary of Bar", "Foo is now Bar", "Foo subsidiary of Bar plc", "BEONE MEDICINES USA",
    "US Oncology Labs Inc.", "Ærø Ünïted Þerap", "a s s a n v b v", "Bio-Rad (U.S.) Labs (Inc)", "and and co and",
]  # fmt: skip


def key_of(*names: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT company_name_key(n) FROM unnest(%s::text[]) WITH ORDINALITY AS x(n, o) ORDER BY o", [[*names]]
        )
        return [row[0] for row in cursor.fetchall()]


def pairs() -> list[tuple[str, str, tuple[str, ...]]]:
    return [(pair.one.name, pair.other.name, pair.why) for pair in possible_duplicates(limit=100)[0]]


def test_the_database_compares_names_as_the_sources_do():
    with STARTER.open(newline="") as lines:
        names = HARD_NAMES + [row["name"] for row in csv.DictReader(lines)]
    assert len(names) > 300
    assert dict(zip(names, key_of(*names), strict=True)) == {name: in_any_order(normalised(name)) for name in names}
    assert key_of("Acme Pharms, Inc.", "The ACME Pharmaceuticals (US) plc") == ["acme pharmaceuticals"] * 2


def test_what_one_name_former_name_or_ticker_suggests_is_a_pair_once():
    one = CompanyFactory(name="Acme Pharma, Inc.", ticker="ACME")
    other = CompanyFactory(name="ACME Pharmaceuticals plc", ticker="ACME.L", cik=None)
    renamed = CompanyFactory(name="Beone Medicines", ticker="ONC")
    CompanyAlias.objects.create(company=renamed, kind="former_name", alias="BeiGene, Ltd.")
    CompanyFactory(name="Beigene", ticker="BGNE", cik=None)
    CompanyAlias.objects.create(company=renamed, kind="ticker", alias="BEI")
    CompanyFactory(name="Zulu", ticker="BEI")
    CompanyFactory(name="Unlike", ticker="UNLK")
    assert pairs() == [
        (one.name, other.name, ("one name: Acme Pharma, Inc. / ACME Pharmaceuticals plc", "one ticker: ACME / ACME.L")),
        ("Beone Medicines", "Beigene", ("a name of both: BeiGene, Ltd. / Beigene",)),
        ("Beone Medicines", "Zulu", ("one ticker: BEI",)),
    ]
    assert [pair.beside(renamed).name for pair in possible_duplicates_of(renamed)] == ["Beigene", "Zulu"]
    assert [pair.beside(other).pk for pair in possible_duplicates_of(other)] == [one.pk]


def test_former_tickers_and_archived_or_merged_companies_suggest_nothing():
    one = CompanyFactory(name="Acme Inc", ticker="ACME")
    gone = CompanyFactory(name="Acme plc", ticker="GONE")
    CompanyAlias.objects.create(company=one, kind="former_ticker", alias="HEIR")
    CompanyAlias.objects.create(company=one, kind="ticker", alias="PAST", valid_to="2020-01-01")
    for ticker in ("HEIR", "PAST"):
        CompanyFactory(ticker=ticker)
    assert len(pairs()) == 1
    merging = merge(kept=one, duplicate=gone)
    assert pairs() == []
    undo_merge(merge=merging)
    assert len(pairs()) == 1


def test_a_hundred_companies_of_one_name_are_no_five_thousand_pairs():
    CompanyFactory.create_batch(100, name="Shell Inc", ticker=None)
    # Each with the first ten: 9 + 8 + … + 0 among those, 90 times ten.
    assert possible_duplicates(limit=1)[1] == 45 + 900


def test_what_is_told_apart_is_remembered_whatever_its_order_until_it_is_taken_back():
    one, other = CompanyFactory(name="Acme Inc"), CompanyFactory(name="Acme plc")
    by = User.objects.create_user("ann")
    assert tell_apart(companies=[other, one], by=by, reason="Spun off").changed
    assert not tell_apart(companies=[one, other]).changed
    row = CompanyDistinction.objects.get()
    assert (row.one, row.other, row.by, row.reason) == (one, other, by, "Spun off")
    assert pairs() == []
    assert possible_duplicates_of(one) == []
    propose_again(distinction=row)
    assert len(pairs()) == 1
    for companies in ([one], [one, one], []):
        with pytest.raises(Refused, match="A pair is of two companies"):
            tell_apart(companies=companies)
    with pytest.raises(IntegrityError), transaction.atomic():
        CompanyDistinction.objects.create(one=other, other=one)


def test_the_list_is_worked_off_by_merging_and_by_telling_apart():
    first, second = CompanyFactory(name="Acme Inc"), CompanyFactory(name="Acme plc", cik=None)
    CompanyFactory(name="Beta Inc", ticker=None)
    CompanyFactory(name="Beta plc", ticker=None)
    analyst = signed_in(ANALYST)
    page = analyst.get(LIST)
    rows = page.context["rows"]
    assert "2 pairs that seem to be one" in page.content.decode()
    url = reverse("admin:companies_company_merge", args=[first.pk])
    assert rows[0][3] == f"{url}?duplicate={second.pk}&errand=possible"
    done = sent(analyst, first, second, errand="possible")
    assert done.redirect_chain[-1][0] == LIST
    assert "Acme plc" in done.content.decode(), "the message says what was merged and offers to undo it"
    [(pair, *_)] = done.context["rows"]
    told = {"one": pair.one.pk, "other": pair.other.pk, "back": LIST, "reason": "Two"}
    answer = analyst.post(APART, told, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert "No two companies seem to be one." in answer.content.decode()
    row = CompanyDistinction.objects.get()
    again = reverse("admin:companies_companydistinction_ask_again", args=[row.pk])
    assert analyst.post(again, {"confirmed": "yes"}, follow=True).status_code == 200
    assert len(analyst.get(LIST).context["rows"]) == 1


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_telling_apart_goes_nowhere_else_and_refuses_what_is_no_pair(back):
    answer = signed_in(ANALYST).post(APART, {"one": "x", "other": CompanyFactory().pk, "back": back})
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert not CompanyDistinction.objects.exists()


def test_viewers_see_the_list_and_decide_nothing():
    one, other = CompanyFactory(name="Acme Inc"), CompanyFactory(name="Acme plc")
    viewer = signed_in(VIEWER)
    page = viewer.get(LIST).content.decode()
    assert "Acme plc" in page
    assert "Merge…" not in page
    assert viewer.post(APART, {"one": one.pk, "other": other.pk}).status_code == 403
    assert (
        "Possible duplicate of"
        not in viewer.get(reverse("admin:companies_company_view", args=[one.pk])).content.decode()
    )


def test_a_company_s_page_and_the_first_page_say_that_it_seems_to_be_another():
    one, other = CompanyFactory(name="Acme Inc", ticker="ACME"), CompanyFactory(name="Acme plc", ticker="ACMB")
    analyst = signed_in(ANALYST)
    view = reverse("admin:companies_company_view", args=[one.pk])
    text = analyst.get(view).content.decode()
    assert "Possible duplicate of" in text
    assert f"duplicate={other.pk}" in text
    assert "1 possible duplicate</a>" in analyst.get(reverse("admin:index")).content.decode()
    analyst.post(APART, {"one": one.pk, "other": other.pk, "back": view})
    assert "Possible duplicate of" not in analyst.get(view).content.decode()
    assert "possible duplicate" not in signed_in(VIEWER).get(reverse("admin:index")).content.decode()


def proposal(**fields: object) -> ReviewItem:
    values = {
        "kind": "alias",
        "title": "Is ACME BIO Acme?",
        "source": "clinicaltrials",
        "source_id": "1",
        "proposed": {},
    }
    return ReviewItem.objects.create(**{**values, **fields})


def opened(browser: Browser, item: ReviewItem):
    return browser.get(reverse("admin:signals_app_reviewitem_merge_one", args=[item.pk]))


def test_a_name_of_two_rows_leads_to_both_side_by_side_and_back_with_the_proposal_settled():
    kept = CompanyFactory(name="Acme Bio, Inc.", ticker="ACME")
    duplicate = CompanyFactory(name="ACME Bio plc", ticker=None, cik=None)
    item = proposal(proposed={"kind": "name", "alias": "ACME BIO"})
    analyst = signed_in(ANALYST)
    page = analyst.get(reverse("admin:signals_app_reviewitem_change", args=[item.pk])).content.decode()
    assert "Merge…" in page
    answer = opened(analyst, item)
    url = reverse("admin:companies_company_merge", args=[kept.pk])
    assert answer["Location"] == f"{url}?duplicate={duplicate.pk}&errand=proposal%3A{item.pk}"
    done = sent(analyst, kept, duplicate, errand=f"proposal:{item.pk}")
    assert done.redirect_chain[-1][0] == reverse("admin:signals_app_reviewitem_changelist")
    item.refresh_from_db()
    assert (item.status, item.decided_by.get_username()) == ("settled", ANALYST)
    assert item.reason == "ACME Bio plc is merged into Acme Bio, Inc. (ACME)."
    undo_merge(merge=CompanyMerge.objects.get())
    item.refresh_from_db()
    assert (item.status, item.decided_at, item.reason) == ("open", None, "")
    assert item.proposed == {"kind": "name", "alias": "ACME BIO"}


@pytest.mark.parametrize(("field", "value"), [("ticker", "acme"), ("cik", "1234567"), ("name", "ACME BIO PLC")])
def test_an_identity_that_another_row_has_is_a_pair_and_leads_to_it(field, value):
    holder = CompanyFactory(name="Acme Bio, Inc.", ticker="ACME", cik="0001234567")
    own = CompanyFactory(name="Other Words", ticker="OTHR", cik=None)
    title = "By the register it is"
    item = proposal(kind="value", company=own, title=title, proposed={"field": field, "value": value})
    answer = opened(signed_in(ANALYST), item)
    assert f"/{holder.pk}/merge/" in answer["Location"]
    assert f"duplicate={own.pk}" in answer["Location"]
    assert pairs() == ([] if field == "name" else [("Acme Bio, Inc.", "Other Words", (title,))])


def test_of_several_that_may_be_meant_each_two_are_offered_and_of_one_the_other_is_asked_for():
    rows = [CompanyFactory(name=f"Acme Bio {form}") for form in ("Inc", "plc", "AG")]
    analyst = signed_in(ANALYST)
    page = opened(analyst, proposal(proposed={"kind": "name", "alias": "Acme Bio"}))
    assert len(page.context["pairs"]) == 3
    item = proposal(kind="signal", source_id="2", company=rows[0], title="A takeover?")
    page = opened(analyst, item)
    assert page.context["pairs"] == []
    asked = analyst.get(page.request["PATH_INFO"], {"company": rows[1].pk})
    assert asked["Location"].endswith(f"/{rows[1].pk}/merge/?errand=proposal%3A{item.pk}")
    assert "hidden" in analyst.get(asked["Location"]).content.decode()


def test_a_decided_proposal_and_one_without_the_right_to_merge_offer_no_merge():
    item = proposal(company=CompanyFactory())
    assert opened(signed_in(VIEWER), item).status_code == 403
    ReviewItem.objects.update(status="rejected", decided_at=timezone.now())
    analyst = signed_in(ANALYST)
    assert opened(analyst, item)["Location"] == reverse("admin:signals_app_reviewitem_changelist")
    assert "Merge…" not in analyst.get(reverse("admin:signals_app_reviewitem_change", args=[item.pk])).content.decode()


def test_a_merge_on_an_unknown_errand_is_a_merge():
    kept, duplicate = CompanyFactory(), CompanyFactory()
    done = sent(signed_in(ANALYST), kept, duplicate, errand="proposal:nonsense")
    assert done.redirect_chain[-1][0] == reverse("admin:signals_app_reviewitem_changelist")
    assert Company.all_objects.get(pk=duplicate.pk).merged_into == kept
