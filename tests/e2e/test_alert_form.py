"""An alert built in a real browser with the keyboard alone; no script error, no CSP violation."""

from __future__ import annotations

import pytest

from delivery.models import Alert
from tests.e2e.test_admin_browser import CHROMIUM, log_in, page  # noqa: F401 - `page` is a fixture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (looked for chromium, google-chrome)"),
]


def test_a_condition_is_built_and_tried_with_the_keyboard(page, live_server):  # noqa: F811
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/delivery/alert/add/")
    page.get_by_label("Name", exact=False).first.fill("Small caps")
    page.locator("#id_alert_type").focus()
    page.keyboard.type("custom")
    page.get_by_label("All of these").focus()
    for keys in ("Tab", "Market", "Tab", "is less", "Tab", "2bn"):
        page.keyboard.press(keys) if keys == "Tab" else page.keyboard.type(keys)
    page.get_by_role("button", name="Add a row").focus()
    page.keyboard.press("Enter")
    # the new row has the focus
    page.wait_for_function("document.activeElement.name === 'condition-field'")
    for keys in ("Percentile", "Tab", "Tab", "90"):
        page.keyboard.press(keys) if keys == "Tab" else page.keyboard.type(keys)
    assert page.locator(".desk-condition .desk-row").count() == 2
    page.get_by_label("Field 1").press("Tab")
    # operators that the field does not take are not offered
    hidden = page.locator(".desk-condition .desk-row").first.locator("option[value=contains]")
    assert hidden.get_attribute("hidden") is not None
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was added successfully").wait_for()
    assert Alert.objects.get().condition == {
        "and": [
            {"field": "company.market_cap_usd", "operator": "lt", "value": 2_000_000_000},
            {"field": "score.percentile_rank", "operator": "gte", "value": 90},
        ]
    }
    assert page.get_by_label("Condition as JSON").is_hidden()
    page.get_by_text("As JSON").click()
    assert "company.market_cap_usd" in page.get_by_label("Condition as JSON").input_value()
    page.get_by_role("link", name="Test").first.click()
    page.get_by_text("It would have gone off 0 times").wait_for()
    assert page.complaints == []
