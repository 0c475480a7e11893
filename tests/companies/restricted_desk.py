"""The desk that the tests of the restricted list share: who is cleared, who is not, and what each of them reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from companies.models import CompanyNote, RestrictionLog
from companies.restrictions import put_on
from tests.factories import CompanyFactory

SECRET = "Project Falcon: board meets on Friday"


def user_of(name: str, role: str = "analyst") -> User:
    user = User.objects.create_user(name, email=f"{name}@desk.example", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def browser_of(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture(name="desk")
def restricted_desk() -> SimpleNamespace:
    """AAA on the list with a note, BBB not; Ann cleared, Bob not, Lea the lead who put it on, not cleared either."""
    ann, bob, lea = user_of("ann"), user_of("bob"), user_of("lea", "lead")
    held, other = CompanyFactory(ticker="AAA", name="Alpha Bio"), CompanyFactory(ticker="BBB", name="Beta Bio")
    note = CompanyNote.objects.create(company=held, text=SECRET, author=ann)
    CompanyNote.objects.create(company=other, text="Nothing special", author=bob)
    restriction = put_on(company=held, reason="Mandate of the target", cleared=[ann], by=lea)
    return SimpleNamespace(
        ann=browser_of(ann), bob=browser_of(bob), lea=browser_of(lea), users=SimpleNamespace(ann=ann, bob=bob, lea=lea),
        held=held, other=other, note=note, restriction=restriction,
    )  # fmt: skip


def text(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def logged(*acts: str) -> list[tuple[str, str, str, int | None]]:
    rows = RestrictionLog.objects.filter(act__in=acts) if acts else RestrictionLog.objects.all()
    return list(rows.order_by("id").values_list("act", "who", "door", "rows"))


def page(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{name}", args=args)
