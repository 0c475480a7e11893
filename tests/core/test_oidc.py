"""Signing in by an identity provider: who it is here, with which roles, and the sign-in page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client as Browser

from biotech_ma.core.oidc.identities import Identity
from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.second_factor import SecondFactor
from tests.core.provider_sign_in import (
    BEGIN,
    CALLBACK,
    INDEX,
    LOGIN,
    ROLES,
    configure,
    refused,
    roles,
    running_provider,  # noqa: F401 - a fixture
    sign_in,
)

pytestmark = pytest.mark.django_db


def test_a_new_user_comes_in_as_a_viewer_and_where_he_wanted_to(idp):
    browser, answer = sign_in(idp, target="/admin/companies/company/?q=x")
    assert answer["Location"] == "/admin/companies/company/?q=x"
    user = User.objects.get()
    assert (user.username, user.email, user.first_name, user.last_name) == ("anna", "anna@desk.example", "Anna", "Ray")
    assert (user.is_staff, user.is_superuser, user.has_usable_password(), roles(user)) == (
        True, False, False, {"viewer"},
    )  # fmt: skip
    assert browser.get("/admin/companies/company/").status_code == 200
    assert browser.get("/admin/companies/company/add/").status_code == 403
    assert [each.change_message for each in LogEntry.objects.order_by("pk")] == [
        f"Made at the first sign-in by {idp.issuer}, as subject-1.", "Roles by the provider's groups: viewer.",
    ]  # fmt: skip


def test_the_way_there_has_state_nonce_and_challenge_and_they_are_new_each_time(idp):
    seen = []
    for _ in range(2):
        begun = Browser().get(BEGIN)
        query = {name: values[0] for name, values in parse_qs(urlsplit(begun["Location"]).query).items()}
        assert begun["Location"].startswith(f"{idp.issuer}/authorize?")
        assert query["redirect_uri"] == f"http://testserver{CALLBACK}"
        assert query["scope"] == "openid email profile"
        seen += [query[name] for name in ("state", "nonce", "code_challenge")]
    assert len(set(seen)) == 6
    assert all(len(value) >= 20 for value in seen)


def test_the_second_sign_in_finds_the_same_user_whatever_the_address_is_by_now(idp):
    sign_in(idp)
    idp.person |= {"email": "married@desk.example", "preferred_username": "other"}
    browser, _ = sign_in(idp)
    assert browser.get(INDEX).status_code == 200
    assert User.objects.count() == Identity.objects.count() == 1


@pytest.mark.parametrize(("verified", "users"), [(True, 1), ("true", 1), (False, 2), ("yes", 2), (None, 2)])
def test_a_user_is_found_by_an_address_that_is_verified(idp, verified, users):
    known = User.objects.create_user("a.ray", email="Anna@Desk.example", is_staff=True)
    idp.person["email_verified"] = verified
    sign_in(idp)
    assert User.objects.count() == users
    assert (Identity.objects.get().user == known) is (users == 1)
    if users == 2:
        # an address that nobody has verified is not kept as the new user's either
        assert User.objects.exclude(pk=known.pk).get().email == ""


@pytest.mark.parametrize("letters", ["desk", "DESK", "des\u212a", "de\u017fk"])
def test_an_address_that_only_looks_like_a_users_is_not_his(idp, letters):
    known = User.objects.create_user("a.ray", email="Anna@Desk.example", is_staff=True)
    idp.person["email"] = f"anna@{letters}.example"
    sign_in(idp)
    assert (Identity.objects.get().user == known) is letters.isascii()


def test_an_address_of_two_users_signs_neither_in(idp):
    for name in ("one", "two"):
        User.objects.create_user(name, email="anna@desk.example", is_staff=True)
    refused(idp, "Several users have your e-mail address")
    assert not Identity.objects.exists()


def test_a_name_that_is_taken_gets_a_number(idp):
    User.objects.create_user("Anna", is_staff=True)
    User.objects.create_user("anna-2", is_staff=True)
    sign_in(idp)
    assert Identity.objects.get().user.username == "anna-3"


@pytest.mark.parametrize("is_known", [True, False])
def test_whoever_is_not_active_is_refused_and_a_session_of_his_ends(idp, is_known):
    User.objects.create_user("anna", email="anna@desk.example", is_staff=True)
    browser = None
    if is_known:
        browser, _ = sign_in(idp)
        assert browser.get(INDEX).status_code == 200
    User.objects.update(is_active=False)
    if browser:
        assert browser.get(INDEX).status_code == 302
    refused(idp, "This user is not active any more")


def test_whoever_is_not_staff_is_told(idp):
    User.objects.create_user("anna", email="anna@desk.example")
    refused(idp, "may not enter the admin")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["ma-analysts"], {"analyst"}),
        (["x", "ma-leads", "ma-analysts"], {"analyst", "lead"}),
        ("ma-leads", {"lead"}),
        (["unknown"], {"viewer"}),
        ([], {"viewer"}),
        (None, {"viewer"}),
        ({"ma-leads": True}, {"viewer"}),
        ([1, None, ["ma-leads"]], {"viewer"}),
        (["MA-LEADS"], {"viewer"}),
        (["administrator", "lead"], {"viewer"}),
    ],
)
def test_groups_map_to_roles_and_an_unknown_one_to_none(idp, settings, groups, expected):
    configure(settings, idp, roles=ROLES)
    idp.person["groups"] = groups
    sign_in(idp)
    assert roles(User.objects.get()) == expected


def test_roles_follow_the_groups_and_other_groups_are_left_alone(idp, settings):
    configure(settings, idp, roles=ROLES)
    idp.person["groups"] = ["ma-leads"]
    sign_in(idp)
    user = User.objects.get()
    user.groups.add(Group.objects.create(name="night shift"))
    for groups, expected in ((["ma-analysts"], {"analyst"}), ([], {"viewer"}), (["ma-leads"], {"lead"})):
        idp.person["groups"] = groups
        sign_in(idp)
        assert roles(user) == {*expected, "night shift"}
    assert LogEntry.objects.latest("pk").change_message == "Roles by the provider's groups: lead."


def test_roles_stay_as_they_are_where_no_groups_map(idp):
    sign_in(idp)
    user = User.objects.get()
    user.groups.set([Group.objects.get(name="lead")])
    sign_in(idp)
    assert roles(user) == {"lead"}


def test_the_login_page_shows_the_button_only_when_it_is_on(idp, settings):
    text = Browser().get("/admin/login/?next=/admin/companies/company/").content.decode()
    assert f'href="{BEGIN}?next=/admin/companies/company/"' in text
    assert "Sign in with Example Capital" in text
    settings.OIDC = Provider()
    assert BEGIN not in Browser().get(LOGIN).content.decode()
    assert Browser().get(BEGIN).status_code == 404
    assert Browser().get(CALLBACK).status_code == 404


def test_a_second_factor_is_asked_for_here_too_and_required_of_passwords_alone(idp, settings):
    settings.REQUIRE_TOTP = "all"
    browser, _ = sign_in(idp)
    assert browser.get(INDEX).status_code == 200
    SecondFactor.objects.create(user=User.objects.get(), secret="A" * 32, confirmed_at="2026-01-01T00:00Z")
    browser, _ = sign_in(idp)
    assert browser.get(INDEX)["Location"].startswith("/admin/login/code/")


def test_nobody_signs_in_by_the_backend_with_a_password(idp):
    sign_in(idp)
    answer = Browser().post(LOGIN, {"username": "anna", "password": "", "next": INDEX})
    assert answer.status_code == 200


def test_whoever_has_no_password_here_is_told_where_it_is_kept(idp):
    browser, _ = sign_in(idp)
    page = browser.get("/admin/password_change/", follow=True)
    assert "You sign in by Example Capital: your password is kept and changed there." in page.content.decode()
    user = User.objects.get()
    user.set_password("a long enough password")
    user.save()
    browser.force_login(user)
    assert "old_password" in browser.get("/admin/password_change/").content.decode()
