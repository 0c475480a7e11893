"""Keys are shown in words, by one way: choices, the names of fields, and what an app names."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from biotech_ma.core.admin import figures
from biotech_ma.core.wording import in_words, key_in_words, within
from signals_app.concepts import concept_name
from signals_app.models import FinancialFact
from tests.factories import CompanyFactory


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("phase_2", "Phase 2"),
        ("infectious_disease", "Infectious disease"),
        ("total_debt_usd", "total debt, USD"),
        ("not_reported", "no filing reports it"),
        ("the_desk_s_own_word", "the_desk_s_own_word"),
        ("plain", "plain"),
    ],
)
def test_a_key_that_is_known_is_named_and_anything_else_stays(key, words):
    assert in_words(key) == words


def test_keys_of_objects_and_concepts_lose_their_underscores_though_nobody_has_named_them():
    assert key_in_words("application_number") == "application number"
    assert (concept_name("operating_cash_flow"), concept_name("long_term_debt")) == (
        "Operating cash flow",
        "Long-term debt",
    )
    assert within("phase_3: AB-1 in a_b_c") == "Phase 3: AB-1 in a_b_c"
    kept = {"runway_quarters": {"source": "edgar", "note": "liquidity_incomplete"}, "odd_key": ["rare_disease"]}
    assert figures.plain(kept) == (
        "runway, quarters: source: edgar; note: the latest filing does not give all of it; odd key: Rare disease"
    )


@pytest.mark.django_db
def test_histories_and_reported_figures_show_no_keys(client):
    client.force_login(User.objects.create_superuser("anna"))
    company = CompanyFactory(therapeutic_areas=["infectious_disease", "oncology"])
    company.field_sources = {"cash_position_usd": {"source": "edgar", "note": "not_reported"}}
    company.save()
    fact = FinancialFact.objects.create(
        company=company, concept="operating_cash_flow", period_end="2026-03-31", value=-5, unit="USD", form="10-Q",
        accession="0000000001-26-000001", source="edgar", available_at="2026-05-01T00:00:00Z",
    )  # fmt: skip
    page = client.get(reverse("admin:companies_company_history", args=[company.pk])).content.decode()
    assert "liquid funds, USD: note: no filing reports it; source: edgar" in page
    facts = reverse("admin:signals_app_financialfact_changelist")
    for address in (
        facts,
        reverse("admin:signals_app_financialfact_change", args=[fact.pk]),
        f"{facts}{fact.pk}/correct/",
    ):
        assert "Operating cash flow" in client.get(address).content.decode(), address
    told = client.get(f"{facts}export/?export=csv&columns=shown").getvalue().decode()
    assert "Operating cash flow" in told
    whole = client.get(f"{facts}export/?export=csv").getvalue().decode()
    assert "operating_cash_flow" in whole
    log = client.get(reverse("admin:core_listexport_changelist")).content.decode()
    assert "Reported figures" in log
    assert "signals_app.financialfact<" not in log
