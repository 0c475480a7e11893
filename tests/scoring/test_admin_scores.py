"""The list of scores: each with its rank among those of its day, sorted only by what stays quick over every day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from tests.factories import CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 6, 30)


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def listed(browser: Browser, **asked: str) -> Any:
    answer = browser.get(reverse("admin:scoring_mascore_changelist"), asked)
    assert answer.status_code == 200
    return answer.context_data["cl"]  # type: ignore[attr-defined]


def number(changes: Any, name: str) -> str:
    return str(changes.numbered.index(name))


def scored(total: str, change: str, *, days: int = 0, company: Any = None, confidence: str = "0.8") -> Any:
    return MAScoreFactory(
        company=company or CompanyFactory(), total_score=Decimal(total), score_change_90d=Decimal(change),
        score_date=DAY - dt.timedelta(days=days), is_latest=not days, confidence=Decimal(confidence),
    )  # fmt: skip


def test_each_score_has_its_rank_of_its_day_whatever_sorts_the_list(browser: Browser) -> None:
    best, low, unsure = scored("90", "1"), scored("40", "3"), scored("95", "2", confidence="0.4")
    earlier = scored("10", "0", days=1, company=best.company)
    by_change = number(listed(browser), "change_90")
    rows = listed(browser, day="latest", o=by_change).result_list
    assert [(row.pk, row.rank) for row in rows] == [(best.pk, 1), (unsure.pk, None), (low.pk, 2)]
    assert {row.pk: row.rank for row in listed(browser, day="all").result_list}[earlier.pk] == 1


def test_who_is_under_offer_leaves_the_top_list_and_leaves_no_gap(browser: Browser) -> None:
    bought, other = scored("90", "1", company=CompanyFactory(under_offer_since=DAY)), scored("40", "3")
    assert [(row.pk, row.rank) for row in listed(browser).result_list] == [(other.pk, 1)]
    assert {row.pk: row.rank for row in listed(browser, day="latest").result_list} == {bought.pk: None, other.pk: 1}


def test_every_day_is_sorted_by_what_has_an_index_and_one_company_by_anything(browser: Browser) -> None:
    company = CompanyFactory()
    high, low = scored("90", "1", company=company), scored("40", "3", days=1, company=company)
    changes = listed(browser, day="all")
    by_change, by_total = number(changes, "change_90"), number(changes, "total")
    down = f"-{by_change}"
    assert [row.pk for row in listed(browser, day="all", o=down).result_list] == [high.pk, low.pk]
    assert [row.pk for row in listed(browser, day="all", o=by_total).result_list] == [low.pk, high.pk]
    only = {"company__id__exact": str(company.pk)}
    assert [row.pk for row in listed(browser, day="all", o=down, **only).result_list] == [low.pk, high.pk]
