"""The main pages for everybody: nothing serious by axe-core in light and dark, nothing cut off on a phone, keys do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.oidc.settings import Provider
from biotech_ma.core.saved_filters import SavedFilter
from companies.models import Company, Watchlist
from delivery.models import Alert
from delivery.roles import ensure_roles
from delivery.services import issue_client
from scoring.models import ScoreVersion, ScoreWeight
from signals_app.imports.services import take_file
from tests.e2e.keyboard import walk
from tests.e2e.test_admin_browser import CHROMIUM, PASSWORD, log_in, page  # noqa: F401 - `page` is a fixture
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)
from tests.identity_provider import CLIENT, SECRET, provider

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (looked for chromium, google-chrome)"),
]
GRAVE = {"serious", "critical"}
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def a_desk() -> Company:
    """Write rows so that every main page has something to show."""
    today = timezone.localdate()
    company = CompanyFactory(
        name="Acme Therapeutics", ticker="ACME", cik="0001422143", therapeutic_areas=["oncology"],
        market_cap_usd=Decimal("1312345678"), market_cap_as_of=today, cash_position_usd=Decimal("319000000"),
        quarterly_burn_rate_usd=Decimal("152000000"), runway_quarters=Decimal("2.1"), is_cash_constrained=True,
        field_sources={
            "cash_position_usd": {"source": "edgar", "id": "0001193125-26-092567", "as_of": today.isoformat()}
        },
    )  # fmt: skip
    for phase in ("phase_1", "phase_3", "approved", "discontinued"):
        DrugCandidateFactory(
            company=company, phase=phase, next_milestone="Readout", next_milestone_date=today + dt.timedelta(days=3)
        )
    now = timezone.now()
    for severity in ("low", "medium", "high", "critical"):
        SignalFactory(
            company=company, severity=severity, event_date=now, available_at=now, source_url="https://example.org/x"
        )
    for days, total in ((40, "40"), (0, "52")):
        MAScoreFactory(
            company=company, score_date=today - dt.timedelta(days=days), total_score=Decimal(total), is_latest=not days
        )
    AcquirerMatchFactory(target_company=company, acquirer_company=CompanyFactory(role="acquirer"), match_rank=1)
    Alert.objects.create(name="Fresh news", alert_type="new_signal", notification_channels=["inbox"])
    return company


def main_pages(company: Company) -> dict[str, str]:
    score = company.scores.get(is_latest=True)
    return {
        "first page": reverse("admin:index"),
        "companies": reverse("admin:companies_company_changelist"),
        "company": reverse("admin:companies_company_view", args=[company.pk]),
        "company form": reverse("admin:companies_company_change", args=[company.pk]),
        "signals": reverse("admin:signals_app_signal_changelist"),
        "signal form": reverse("admin:signals_app_signal_add"),
        "top list": reverse("admin:scoring_mascore_changelist"),
        "score": reverse("admin:scoring_mascore_change", args=[score.pk]),
        "matches": reverse("admin:scoring_acquirermatch_changelist"),
        "alert form": reverse("admin:delivery_alert_add"),
        "preferences": reverse("preferences"),
        "columns": reverse("admin:companies_company_columns"),
        "drugs with boxes": reverse("admin:companies_drugcandidate_changelist") + "?_edit=1",
        "second factor": reverse("second-factor"),
    }


def working_pages(company: Company) -> dict[str, str]:
    """Write what the pages need that the desk keeps its order with, and return these."""
    analyst = User.objects.get(username="analyst")
    watchlist = Watchlist.objects.create(name="Cardio", owner=analyst)
    watchlist.companies.set([company, CompanyFactory(name="Other Bio", ticker="OTHR")])
    SavedFilter.objects.create(owner=analyst, table="companies.company", name="Targets", query="role__exact=target")
    client, _ = issue_client(client_name="Feed")
    draft = ScoreVersion.objects.create(version="2")
    ScoreWeight.objects.create(score_version=draft, component="pipeline", weight=1, reason="judgement")
    taken = take_file(kind="companies", name="list.csv", content=b"ticker,cash\nACME,$450m\n", owner=analyst)
    return {
        "watchlist form": reverse("admin:companies_watchlist_change", args=[watchlist.pk]),
        "client form": reverse("admin:delivery_client_change", args=[client.pk]),
        "saved filters": reverse("admin:core_savedfilter_changelist"),
        "weights form": reverse("admin:scoring_scoreversion_change", args=[draft.pk]),
        "import mapping": reverse("admin:signals_app_sheetimport_change", args=[taken.pk]),
        "alerts with boxes": reverse("admin:delivery_alert_changelist") + "?_edit=1",
    }


def grave(axe: Any, shown: Any, name: str, *rules: str) -> dict[str, Any]:
    """Return what axe-core finds grave on a page, by all its rules or by these alone."""
    answer = axe.run(shown, options={"runOnly": list(rules)} if rules else None).response
    assert len(answer["passes"]) > (0 if rules else 10), name  # it has looked
    return {
        f"{name}: {each['id']}": [node["target"] for node in each["nodes"]]
        for each in answer["violations"]
        if each["impact"] in GRAVE
    }


def test_axe_finds_nothing_serious_on_the_main_pages_and_a_phone_cuts_nothing_off(page, live_server):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    company = a_desk()
    log_in(page, live_server)
    found: dict[str, Any] = {}
    wide = {}
    for name, path in (main_pages(company) | working_pages(company)).items():
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="dark")
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate("document.documentElement.classList.contains('dark')"), name
        page.add_style_tag(content="* { transition: none !important }")  # a colour is judged where it arrives
        found |= grave(axe, page, f"{name}, dark")
        # The page asks once which colours the system has.
        page.emulate_media(color_scheme="light")
        page.evaluate("document.documentElement.classList.remove('dark')")
        found |= grave(axe, page, f"{name}, light", "color-contrast")  # nothing but colours differs
        page.set_viewport_size(PHONE)
        page.reload()
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide[name] = width
    assert (found, wide) == ({}, {})
    assert page.complaints == []


def test_colours_sources_and_notes_are_reached_by_the_keyboard(page, live_server):  # noqa: F811
    company = a_desk()
    log_in(page, live_server)
    page.goto(f"{live_server.url}{reverse('admin:companies_company_view', args=[company.pk])}")
    page.wait_for_load_state("networkidle")

    figure = page.locator(".desk-traced", has_text="$319 m")
    note = figure.locator(".desk-trace")
    assert note.is_hidden()
    figure.focus()
    assert "as of" in note.inner_text()
    page.keyboard.press("Tab")
    filing = page.evaluate("document.activeElement.href")
    assert filing.endswith("/1422143/000119312526092567/0001193125-26-092567-index.htm")
    page.keyboard.press("Escape")
    assert note.is_hidden()

    page.get_by_label("New note").focus()
    page.keyboard.type("Met the CFO")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Met the CFO").wait_for()

    page.get_by_role("button", name="Account of analyst").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Dark").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.classList.contains('dark')")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Dark").wait_for(state="hidden")
    assert page.complaints == []


def test_columns_are_chosen_by_the_keyboard_and_boxes_are_saved(page, live_server):  # noqa: F811
    company = a_desk()
    log_in(page, live_server)
    page.goto(f"{live_server.url}{reverse('admin:companies_drugcandidate_columns')}")
    page.locator('[value="up:phase_cell"]').focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-columns-told]").inner_text() == "Phase: place 2 of 14"
    assert page.evaluate("document.activeElement.value") == "up:phase_cell"
    page.locator('[name=shown][value="company_cell"]').focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Show these").press("Enter")
    page.wait_for_url("**/drugcandidate/")
    heads = [text.split()[0] for text in page.locator("#result_list thead th").all_inner_texts() if text.strip()]
    assert heads[:3] == ["Drug", "Phase", "Indication"]

    page.get_by_role("link", name="Change in the list").click()
    drug = company.drug_candidates.filter(phase="phase_1").get()
    phase = page.get_by_label(f"Phase: {drug}")
    phase.select_option("phase_2")
    boxes = [each.get_attribute("name") for each in page.locator("select[name$=phase]").all()]
    # Enter goes down the column, from the last box up is up
    row = boxes.index(phase.get_attribute("name"))
    way, other = ("Enter", row + 1) if row + 1 < len(boxes) else ("Shift+Enter", row - 1)
    phase.press(way)
    assert page.evaluate("document.activeElement.name") == boxes[other]
    page.locator(f"[name={boxes[other]}]").select_option("nda_bla")
    told = page.get_by_role("status")
    told.get_by_text("2 cells in 2 rows changed").wait_for()
    page.locator(f"[name={boxes[other]}]").press("Escape")
    told.get_by_text("1 cell in 1 row changed").wait_for()
    page.get_by_role("link", name="Take all back").click()
    told.get_by_text("Nothing is changed yet").wait_for()
    assert phase.input_value() == "phase_1"

    phase.select_option("phase_2")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Back to reading").click()
    assert asked == ["beforeunload"]
    assert "Reason" in page.get_by_role("region", name="Save the list").inner_text()
    page.get_by_label("Reason").fill("readout")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("1 drug candidate was changed successfully").wait_for()
    drug.refresh_from_db()
    assert drug.phase == "phase_2"
    assert page.complaints == []


def test_companies_leave_a_watchlist_by_the_keyboard_and_leaving_the_form_asks(page, live_server):  # noqa: F811
    company = CompanyFactory(name="Acme Therapeutics", ticker="ACME")
    log_in(page, live_server)
    path = working_pages(company)["watchlist form"]
    page.goto(f"{live_server.url}{path}")
    page.get_by_role("button", name="Take away Acme Therapeutics").press("Enter")
    page.get_by_role("button", name="Take away Acme Therapeutics").wait_for(state="detached")
    bar = page.get_by_role("region", name="Save the form")
    bar.get_by_text("1 field changed: Companies").wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    bar.get_by_role("link", name="Take all back").press("Enter")
    page.get_by_text("Nothing is changed yet").wait_for()
    page.get_by_role("button", name="Take away Acme Therapeutics").press("Enter")
    bar.get_by_text("1 field changed: Companies").wait_for()
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Aliases").click()
    assert asked == ["beforeunload"]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take away all companies").press("Space")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    assert Watchlist.objects.get().companies.count() == 0
    assert page.complaints == []


def test_a_browser_turns_the_second_factor_on_and_signs_in_with_it(page, live_server):  # noqa: F811
    log_in(page, live_server)
    page.goto(f"{live_server.url}{reverse('second-factor')}")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator("#recovery-codes span").all_inner_texts()
    assert len(codes) == 10
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill("analyst")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")
    page.wait_for_url("**/login/code/**")
    page.locator("input[name=code]:focus").wait_for()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    assert page.complaints == []


def test_a_browser_signs_in_and_out_by_a_provider(page, live_server, settings):  # noqa: F811
    with provider() as idp:
        idp.person = {"sub": "1", "email": "anna@desk.example", "email_verified": True, "groups": ["ma-leads"]}
        idp.ends_sessions = True
        settings.OIDC = Provider(idp.issuer, CLIENT, SECRET, "Example Capital", roles=(("ma-leads", "lead"),))
        settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, settings.OIDC_BACKEND]
        # the tables of a test that commits are empty, of the roles, too
        ensure_roles()
        CompanyFactory(name="Acme Therapeutics")
        page.goto(f"{live_server.url}{reverse('admin:companies_company_changelist')}")
        page.get_by_role("link", name="Sign in with Example Capital").click()
        page.wait_for_url("**/admin/companies/company/")
        page.get_by_role("link", name="Acme Therapeutics").wait_for()
        assert page.get_by_role("link", name="Change in the list").count() == 1  # a lead may
        page.get_by_role("button", name="Account of").click()
        page.get_by_role("button", name="Log out").click()
        # by the page that moves on by itself: the policy lets no form lead there
        page.wait_for_url("**/admin/login/?state=**")
        assert [set(each) for each in idp.left] == [
            {"id_token_hint", "client_id", "post_logout_redirect_uri", "state"}
        ]  # fmt: skip
        assert (idp.problems, page.complaints) == ([], [])


def test_the_keyboard_alone_reaches_everything_on_the_main_pages_and_shows_where_it_is(page, live_server):  # noqa: F811
    company = a_desk()
    page.goto(f"{live_server.url}/admin/login/")
    found = {"sign-in": walk(page)}
    log_in(page, live_server)
    for name, path in {**main_pages(company), "sessions": reverse("sign-ins")}.items():
        page.goto(f"{live_server.url}{path}")
        found[name] = walk(page)
    assert found["sign-in"].count >= 3
    assert min(each.count for name, each in found.items() if name != "sign-in") > 20
    assert {name: each.missed for name, each in found.items() if each.missed} == {}
    assert {name: each.unseen for name, each in found.items() if each.unseen} == {}
    assert [name for name, each in found.items() if each.trapped] == []

    # the first stop leads past the menu
    page.locator(".desk-skip").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#content'))")


def test_filters_and_row_menus_open_by_the_keyboard(page, live_server):  # noqa: F811
    a_desk()
    log_in(page, live_server)
    page.goto(f"{live_server.url}{reverse('admin:companies_company_changelist')}")
    page.wait_for_load_state("networkidle")
    opener = page.locator(".filter-open-button")
    opener.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#changelist-filter')")
    page.keyboard.press("Escape")
    page.locator("#changelist-filter").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.matches('.filter-open-button')")

    menu = page.locator("#result_list [aria-label=More]").first
    menu.focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.activeElement.innerText?.includes('Archive')")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'More'")
    assert page.complaints == []


def test_paper_has_dark_words_on_white_and_says_each_value_once(page, live_server):  # noqa: F811
    company = a_desk()
    log_in(page, live_server)
    page.emulate_media(color_scheme="dark")
    drug = company.drug_candidates.first()
    for path in (
        reverse("admin:companies_drugcandidate_changelist"),
        reverse("admin:companies_drugcandidate_change", args=[drug.pk]),
    ):
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        page.emulate_media(media="print")
        light = page.locator(":is(.desk-badge, .desk-chip):visible").evaluate_all(
            "all => all.filter((each) => getComputedStyle(each).color !== 'rgb(17, 17, 17)').length"
        )
        assert light == 0, path
        assert page.locator(".field-actions_holder:visible, .select2-hidden-accessible:visible").count() == 0
        page.emulate_media(media="screen")
    assert page.locator(".select2-selection__rendered").first.is_visible()
