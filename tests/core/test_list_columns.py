"""Each user chooses which columns a list shows and in what order; addresses sort alike for everyone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from biotech_ma.core.list_columns import ListColumns, choose_columns
from biotech_ma.core.list_exports import ListExport
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
LIST, CHOICE = "/admin/companies/drugcandidate/", "/admin/companies/drugcandidate/columns/"
OWN = ["Drug", "Company", "Phase", "Indication", "Area", "Next milestone", "Due", "Patent expiry"]


def signed_in(name: str, *permissions: str) -> Browser:
    user = User.objects.create_user(name, is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def anna() -> Browser:
    return signed_in("anna")


def shown(browser: Browser, address: str = LIST) -> list[str]:
    page = browser.get(address)
    cl = page.context["cl"]
    names = [name for name in cl.list_display if name != "action_checkbox"]
    labels = [str(label_for_field(name, cl.model, model_admin=cl.model_admin)) for name in names]
    for label in labels:
        assert label.lower() in page.content.decode().lower()
    return labels


def test_a_list_shows_the_users_columns_in_their_order_and_nobody_elses(anna):
    DrugCandidateFactory(name="AB-1", mechanism="PD-1 inhibitor")
    assert shown(anna) == OWN
    answer = anna.post(CHOICE, {"order": ["phase_cell", "name_cell", "mechanism_cell", "area"],
                                "shown": ["phase_cell", "mechanism_cell"]})  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert shown(anna) == ["Phase", "Drug", "Mechanism"]
    assert "PD-1 inhibitor" in anna.get(LIST).content.decode()
    assert shown(signed_in("ben")) == OWN


def test_the_list_gets_its_own_columns_back(anna):
    DrugCandidateFactory()
    anna.post(CHOICE, {"order": ["name_cell"], "shown": ["name_cell"]})
    assert shown(anna) == ["Drug"]
    anna.post(CHOICE, {"reset": ""})
    assert shown(anna) == OWN
    assert not ListColumns.objects.exists()


def test_choosing_again_keeps_one_row(anna):
    for names in (["name_cell", "area"], ["name_cell", "expiry"]):
        anna.post(CHOICE, {"order": names, "shown": names})
    assert ListColumns.objects.get().columns == ["name_cell", "expiry"]


def test_the_column_that_leads_to_the_row_cannot_be_taken_away(anna):
    DrugCandidateFactory()
    anna.post(CHOICE, {"order": ["area", "name_cell"], "shown": ["area"]})
    assert shown(anna) == ["Area", "Drug"]
    anna.post(CHOICE, {"order": ["area"], "shown": ["area"]})
    assert "Drug" in shown(anna)


def test_columns_move_without_scripts_and_nothing_is_kept_until_saved(anna):
    order = ["name_cell", "company_cell", "phase_cell"]
    page = anna.post(CHOICE, {"order": order, "shown": order, "move": "up:phase_cell"})
    assert [name for name, *_ in page.context["columns"]][:3] == ["name_cell", "phase_cell", "company_cell"]
    assert 'value="up:phase_cell" data-move="up" aria-label="Phase further left" autofocus' in page.content.decode()
    page = anna.post(CHOICE, {"order": order, "shown": order, "move": "down:name_cell"})
    assert [name for name, *_ in page.context["columns"]][:3] == ["company_cell", "name_cell", "phase_cell"]
    assert not ListColumns.objects.exists()


@pytest.mark.parametrize("move", ["", "up:", "up:nonsense", "sideways:name_cell", "up:name_cell", "\x00"])
def test_a_move_that_makes_no_sense_moves_nothing(anna, move):
    page = anna.post(CHOICE, {"order": ["name_cell", "area"], "shown": ["area"], "move": move})
    assert [name for name, *_ in page.context["columns"]][:2] == ["name_cell", "area"]


def test_unknown_names_and_repetitions_are_passed_over(anna):
    DrugCandidateFactory()
    names = ["name_cell", "__str__", "name_cell", "company__password", "delete", "area", "\x00"]
    anna.post(CHOICE, {"order": names, "shown": names})
    assert ListColumns.objects.get().columns == ["name_cell", "area"]
    # as after an upgrade that took a column away
    ListColumns.objects.update(columns=["gone", "area"])
    assert shown(anna) == ["Drug", "Area"]


def test_an_address_sorts_alike_whatever_columns_are_shown(anna):
    for name, phase in (("A", "phase_3"), ("B", "phase_1"), ("C", "phase_2")):
        DrugCandidateFactory(name=name, phase=phase)
    by_phase = "?o=-3"  # action box 0, drug 1, company 2, phase 3

    def order() -> list[str]:
        return [row.name for row in anna.get(LIST + by_phase).context["cl"].result_list]

    assert order() == ["A", "C", "B"]
    anna.post(CHOICE, {"order": ["area", "phase_cell", "name_cell"], "shown": ["area", "phase_cell"]})
    assert order() == ["A", "C", "B"]
    text = anna.get(LIST + by_phase).content.decode()
    assert re.search(r"column-phase_cell[^\"]*sorted descending", text)
    # the heading of the phase turns the order, still by the number of the phase
    assert "?o=3" in text
    anna.post(CHOICE, {"order": ["name_cell"], "shown": ["name_cell"]})
    assert order() == ["A", "C", "B"]


def test_the_way_back_keeps_the_filters_and_leads_nowhere_else(anna):
    DrugCandidateFactory()
    link = re.search(r'href="([^"]*columns/[^"]*)"', anna.get(f"{LIST}?phase__exact=phase_1&p=1").content.decode())
    assert link
    page = anna.get(link[1])
    assert page.context["query"] == "phase__exact=phase_1"
    sent = {"order": ["name_cell"], "shown": [], "list": "phase__exact=phase_1&next=//evil.example"}
    assert anna.post(CHOICE, sent)["Location"].startswith(f"{LIST}?phase__exact=phase_1&")


def test_exports_keep_every_column_and_the_lists_order(anna):
    DrugCandidateFactory(name="A", phase="phase_1")
    DrugCandidateFactory(name="B", phase="phase_3")
    anna.post(CHOICE, {"order": ["name_cell"], "shown": ["name_cell"]})
    answer = anna.get(f"{LIST}export/?export=csv&o=-3")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert "mechanism" in lines[0].split(",")
    assert [line.count(",B,") for line in lines[1:]] == [1, 0]
    assert ListExport.objects.get().query == "o=-3"


def test_every_list_has_its_choice_and_every_column_of_it_can_be_shown(anna):
    user = User.objects.get()
    CompanyFactory(), DrugCandidateFactory()
    desk = [each for each in site._registry.values() if hasattr(each, "every_column")]
    assert len(desk) >= 18
    for each in desk:
        name = f"admin:{each.opts.app_label}_{each.opts.model_name}"
        assert anna.get(reverse(f"{name}_columns")).status_code == 200, name
        choose_columns(user_id=user.pk, table=each.opts.label_lower, columns=each.every_column()[::-1])
        assert anna.get(reverse(f"{name}_changelist")).status_code == 200, name


def test_a_choice_costs_no_query_more_than_none(anna):
    DrugCandidateFactory.create_batch(3)
    anna.get(LIST)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            anna.get(LIST)
        counts.append(len(queries))
        anna.post(CHOICE, {"order": ["name_cell", "potential"], "shown": ["potential"]})
        anna.get(LIST)  # the message
    assert counts[0] == counts[1]


def test_who_may_not_see_the_list_chooses_nothing():
    browser = signed_in("carl", "view_company")
    assert browser.get(CHOICE).status_code == 403
    assert browser.post(CHOICE, {"order": ["name_cell"]}).status_code == 403
    assert browser.get("/admin/companies/company/columns/").status_code == 200


def keep(browser: Browser, widths: Any) -> int:
    body = widths if isinstance(widths, str) else json.dumps(widths)
    return browser.post(f"{CHOICE}widths/", body, content_type="application/json").status_code


def widths_of(browser: Browser) -> dict[str, int]:
    return json.loads(browser.get(LIST).context["widths"])


def test_widths_are_kept_for_the_user_beside_the_columns(anna):
    DrugCandidateFactory()
    assert keep(anna, {"name_cell": 220, "phase": 90}) == 204
    assert widths_of(anna) == {"name_cell": 220, "phase": 90}
    assert shown(anna) == OWN
    assert widths_of(signed_in("ben")) == {}
    anna.post(CHOICE, {"order": ["name_cell", "area"], "shown": ["area"]})
    assert keep(anna, {"area": 40}) == 204
    assert (widths_of(anna), shown(anna)) == ({"area": 40}, ["Drug", "Area"])
    anna.post(CHOICE, {"reset": ""})
    assert (widths_of(anna), shown(anna)) == ({"area": 40}, OWN)
    assert ListColumns.objects.count() == 1
    assert keep(anna, {}) == 204
    assert not ListColumns.objects.exists()


def test_resetting_the_widths_leaves_the_columns(anna):
    DrugCandidateFactory()
    anna.post(CHOICE, {"order": ["name_cell", "area"], "shown": ["area"]})
    keep(anna, {"area": 400})
    assert keep(anna, {}) == 204
    assert (widths_of(anna), shown(anna)) == ({}, ["Drug", "Area"])


@pytest.mark.parametrize(
    "widths",
    ["", "[", "[]", "[" * 100_000, {"area": 39}, {"area": 1201}, {"area": "90"}, {"area": True}, {"area": 90.5},
     {"area": None}, {"gone": 90}, {"\x00": 90}],
)  # fmt: skip
def test_what_is_no_width_of_a_column_is_refused(anna, widths):
    assert keep(anna, widths) == 400
    assert not ListColumns.objects.exists()


def test_widths_of_columns_that_are_gone_are_passed_over_and_who_sees_no_list_keeps_none(anna):
    keep(anna, {"area": 90})
    ListColumns.objects.update(widths={"area": 90, "gone": 90})
    assert widths_of(anna) == {"area": 90}
    assert keep(signed_in("carl", "view_company"), {"area": 90}) == 403
    assert anna.get(f"{CHOICE}widths/").status_code == 405
