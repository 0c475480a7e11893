"""Bad input is refused beside the field, in the constraint's words, and what was typed stays. Nothing is half done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client as Browser
from django.urls import reverse

from companies.models import Company, DrugCandidate
from delivery.models import Alert
from signals_app.models import Signal
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

NO_INLINES = {
    f"{prefix}-{part}": value
    for prefix in ("drug_candidates", "aliases", "signals", "scores")
    for part, value in (("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"))
}
ADD = "admin:companies_company_add"


@pytest.fixture
def analyst(db: None) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def company_form(**values: Any) -> dict[str, Any]:
    return {"name": "Acme Bio", "role": "target", "is_public": "on", **NO_INLINES, **values}


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


def test_a_company_is_added_with_money_as_analysts_write_it(analyst):
    response = analyst.post(
        reverse(ADD),
        company_form(
            ticker="acme",
            cik="1234",
            market_cap_usd="$1.3bn",
            cash_position_usd="450m",
            total_debt_usd="1,312,345",
            therapeutic_areas=["oncology", "metabolic"],
            **{"metadata-key": ["nct_ids", "note", ""], "metadata-value": ['["NCT1"]', "a word", ""]},
        ),
    )
    assert response.status_code == 302, errors_of(response)
    company = Company.objects.get(ticker="ACME")
    assert company.cik == "0000001234"
    assert company.market_cap_usd == Decimal("1300000000")
    assert (company.cash_position_usd, company.total_debt_usd) == (Decimal("450000000"), Decimal("1312345"))
    assert company.therapeutic_areas == ["oncology", "metabolic"]
    assert company.metadata == {"nct_ids": ["NCT1"], "note": "a word"}
    assert company.enterprise_value_usd is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("market_cap_usd", "-5", "A market cap is not negative."),
        ("cash_position_usd", "-1m", "Liquid funds are not negative."),
        ("ticker", "AC ME", "A ticker is up to 16 capitals, digits, dots and hyphens."),
        ("ticker", "TAKEN", "A live company already has this ticker."),
        ("cik", "12x", "A CIK is ten digits, zero-padded."),
        ("cik", "0000000777", "A live company already has this CIK."),
        ("role", "hero", "Role must be one of: target, acquirer, excluded."),
        ("therapeutic_areas", ["warp"], "Therapeutic areas are a list of: oncology"),
        ("market_cap_usd", "1,5", "Write dollars as 1312345678, 1,312,345,678, 450m or 1.3bn."),
        ("market_cap_usd", "about a billion", "Write dollars as"),
        ("market_cap_usd", "9" * 30, "Ensure that there are no more than 20 digits in total."),
        ("founded_year", "99", "The year of foundation lies between 1600 and 2200."),
        ("market_cap_as_of", "31.02.2026", "Enter a valid date."),
        ("name", "   ", "This field is required."),
        ("name", "x" * 5_000_000, "Ensure this value has at most 255 characters (it has 5000000)."),
        ("name", "A\x00B", "Null characters are not allowed."),
    ],
)
def test_bad_input_is_refused_beside_its_field(analyst, field, value, words):
    CompanyFactory(ticker="TAKEN", cik="0000000777")
    before = Company.objects.count()
    response = analyst.post(reverse(ADD), company_form(**{field: value, "headquarters_location": "Boston, kept"}))
    found = errors_of(response)
    assert any(words in text for text in found[field]), found
    assert "Boston, kept" in response.content.decode()
    assert Company.objects.count() == before


@pytest.mark.parametrize(
    ("keys", "values", "words"),
    [
        (["a", "a"], ["1", "2"], "a is there twice."),
        ([""], ["1"], "1 has no name."),
        (["a"], ["[1"], "begins like JSON"),
        (["a"], ['"\\u0000"'], "NUL characters cannot be stored."),
        (["a"], ["x\x00"], "NUL characters cannot be stored."),
        (["a"], ['"\\ud800"'], "Half a surrogate pair cannot be stored."),
        (["a"], ["[" * 50_000 + "]" * 50_000], "nested too deeply"),
        (["a"], ["x" * 5_000_000], "At most 100,000 characters"),
    ],
)
def test_a_bad_object_is_refused_and_stays_typed(analyst, keys, values, words):
    response = analyst.post(reverse(ADD), company_form(**{"metadata-key": keys, "metadata-value": values}))
    assert any(words in text for text in errors_of(response)["metadata"])
    assert not Company.objects.exists()


def test_an_edited_company_may_keep_its_ticker_and_not_take_another(analyst):
    company, other = CompanyFactory(ticker="AAA"), CompanyFactory(ticker="BBB")
    address = reverse("admin:companies_company_change", args=[company.pk])
    assert analyst.post(address, company_form(ticker="aaa", cik=company.cik)).status_code == 302
    found = errors_of(analyst.post(address, company_form(ticker="bbb", cik=company.cik)))
    assert found == {"ticker": ["A live company already has this ticker."]}
    other.deleted_at = "2026-01-01T00:00Z"
    other.save()
    assert analyst.post(address, company_form(ticker="bbb", cik=company.cik)).status_code == 302


def test_a_lost_race_ends_in_a_message_and_keeps_what_was_typed(analyst, monkeypatch):
    from biotech_ma.core.admin.forms import DeskForm

    CompanyFactory(ticker="AAA")
    judged = []

    def blind_once(self: DeskForm) -> None:
        judged.append(1)
        if len(judged) > 1:
            original(self)

    original = DeskForm.validate_constraints
    monkeypatch.setattr(DeskForm, "validate_constraints", blind_once)
    response = analyst.post(reverse(ADD), company_form(ticker="AAA", name="Second come"))
    assert errors_of(response) == {"ticker": ["A live company already has this ticker."]}
    assert "Second come" in response.content.decode()
    assert Company.objects.count() == 1


def test_what_the_form_cannot_see_is_still_no_server_error(analyst, monkeypatch):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("any")

    monkeypatch.setattr("companies.admin.CompanyAdmin.save_model", refuse)
    found = errors_of(analyst.post(reverse(ADD), company_form()))
    assert "Another change came first" in found["__all__"][0]


def test_the_pipeline_is_edited_on_the_company(analyst):
    candidate = DrugCandidateFactory()
    company = candidate.company
    address = reverse("admin:companies_company_change", args=[company.pk])
    rows = {
        "drug_candidates-TOTAL_FORMS": "2",
        "drug_candidates-INITIAL_FORMS": "1",
        "drug_candidates-0-id": str(candidate.pk),
        "drug_candidates-0-company": str(company.pk),
        "drug_candidates-0-name": candidate.name,
        "drug_candidates-0-phase": "phase_3",
        "drug_candidates-0-indication": "Obesity",
        "drug_candidates-1-company": str(company.pk),
        "drug_candidates-1-name": "New one",
        "drug_candidates-1-phase": "phase_1",
    }
    form = company_form(name=company.name, ticker=company.ticker, cik=company.cik, change_reason="The trial reads out")
    bad = analyst.post(address, {**form, **rows, "drug_candidates-1-phase": "phase_9"})
    assert "Phase must be one of: discovery" in bad.content.decode()
    assert DrugCandidate.objects.count() == 1
    response = analyst.post(address, {**form, **rows})
    assert response.status_code == 302, response.context and response.context["errors"]
    assert set(company.drug_candidates.values_list("name", "phase")) == {
        (candidate.name, "phase_3"),
        ("New one", "phase_1"),
    }


def signal_form(company: Company, **values: Any) -> dict[str, Any]:
    return {
        "company": str(company.pk),
        "signal_type": "strategic_review",
        "event_date_0": "2026-01-05",
        "event_date_1": "14:00",
        "title": "Hires a bank",
        "confidence": "1",
        "source": "analyst",
        **values,
    }


def test_a_signal_added_takes_severity_and_impact_from_the_catalogue(analyst):
    company = CompanyFactory()
    response = analyst.post(reverse("admin:signals_app_signal_add"), signal_form(company))
    assert response.status_code == 302, errors_of(response)
    signal = Signal.objects.get()
    assert (signal.severity, signal.ma_impact_score) == ("critical", Decimal(10))
    assert signal.event_date.isoformat() == "2026-01-05T14:00:00+00:00"


def test_a_choice_without_a_default_starts_empty(analyst):
    page = analyst.get(reverse("admin:signals_app_signal_add")).content.decode()
    assert page.count('<option value="" selected>') == 2  # type and severity
    company = CompanyFactory()
    chosen = signal_form(company, signal_type="", severity="")
    assert "signal_type" in errors_of(analyst.post(reverse("admin:signals_app_signal_add"), chosen))
    assert not Signal.objects.exists()


def test_a_signal_twice_from_one_source_is_refused_beside_the_field(analyst):
    company = CompanyFactory()
    for status in (302, 200):
        form = signal_form(company, source="edgar", source_id="0001")
        response = analyst.post(reverse("admin:signals_app_signal_add"), form)
        assert response.status_code == status
    assert "already delivered" in str(errors_of(response))
    assert Signal.objects.count() == 1


def test_a_correction_supersedes_the_old_row_and_leaves_it(analyst):
    old = SignalFactory(title="Wrong", severity="low")
    address = reverse("admin:signals_app_signal_correct", args=[old.pk])
    page = analyst.get(address, follow=True)
    assert page.context["adminform"].form.initial["title"] == "Wrong"
    add = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]
    form = signal_form(old.company, signal_type=old.signal_type, title="Right", severity="low", supersedes=str(old.pk))
    assert "Say why" in analyst.post(add, form).content.decode()
    form["change_reason"] = "The agency's letter"
    assert analyst.post(add, form).status_code == 302
    assert Signal.objects.get(supersedes=old).title == "Right"
    old.refresh_from_db()
    assert old.title == "Wrong"
    listed = analyst.get(reverse("admin:signals_app_signal_changelist")).context["cl"].result_list
    assert [signal.title for signal in listed] == ["Right"]
    again = analyst.post(add, {**form, "title": "Right again"})
    assert "superseded already" in str(errors_of(again))


def alert_form(**values: Any) -> dict[str, Any]:
    return {"name": "Watch", "alert_type": "new_signal", "is_active": "on", **values}


def test_an_alert_is_written_without_braces(analyst):
    CompanyFactory(ticker="AAA")
    response = analyst.post(
        reverse("admin:delivery_alert_add"),
        alert_form(
            company_tickers="aaa",
            recipients="a@example.org\n\nb@example.org\na@example.org",
            notification_channels=["inbox", "email"],
            signal_types=["fda_approval"],
        ),
    )
    assert response.status_code == 302, errors_of(response)
    alert = Alert.objects.get()
    assert alert.company_tickers == ["AAA"]
    assert alert.recipients == ["a@example.org", "b@example.org"]
    assert alert.notification_channels == ["inbox", "email"]
    assert (alert.signal_types, alert.condition) == (["fda_approval"], {})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("company_tickers", "NOPE", "No live company has the ticker: NOPE."),
        ("recipients", "a@example.org\nnobody", "Not an e-mail address: nobody."),
        ("notification_channels", ["pigeon"], "Channels are a list of: inbox, email, slack, webhook."),
        ("condition", "{", "Enter a valid JSON."),
        ("condition", "[1]", "Write a JSON object"),
        ("condition", '{"a": "\\u0000"}', "NUL characters"),
        ("condition", '{"a": "\\ud800"}', "surrogate"),
        ("condition", "[" * 60_000, "Nested too deeply."),
        ("condition", "x" * 5_000_000, "At most 100,000 characters"),
    ],
)
def test_a_bad_alert_is_refused_beside_its_field(analyst, field, value, words):
    found = errors_of(analyst.post(reverse("admin:delivery_alert_add"), alert_form(**{field: value})))
    assert any(words in text for text in found[field]), found
    assert not Alert.objects.exists()
