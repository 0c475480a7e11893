"""The database itself refuses wrong companies, candidates and aliases, whoever writes them."""

from __future__ import annotations

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from companies.models import Company, DrugCandidate
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def insert(table: str, **values: str) -> None:
    """Insert one row by plain SQL; each value is an SQL expression."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")


def copy(table: str, **values: str | None) -> None:
    """Write one row by COPY."""
    statement = f"COPY {table} ({', '.join(values)}) FROM STDIN"
    with (
        transaction.atomic(),
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as stream,
    ):
        stream.write_row(list(values.values()))


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("companies_ticker_form", {"ticker": "'acme'"}),
        ("companies_ticker_form", {"ticker": "''"}),
        ("companies_ticker_form", {"ticker": "'A B'"}),
        ("companies_cik_form", {"cik": "'42'"}),
        ("companies_cik_form", {"cik": "'ABCDEFGHIJ'"}),
        ("companies_name_not_blank", {"name": "' \t'"}),
        ("companies_role_known", {"role": "'buyer'"}),
        ("companies_areas_known", {"therapeutic_areas": """'["oncolgy"]'"""}),
        ("companies_areas_known", {"therapeutic_areas": """'"oncology"'"""}),
        ("companies_areas_known", {"therapeutic_areas": "'{}'"}),
        ("companies_metadata_is_object", {"metadata": "'[]'"}),
        ("companies_field_sources_is_object", {"field_sources": "'3'"}),
        ("companies_market_cap_not_negative", {"market_cap_usd": "-0.01"}),
        ("companies_cash_not_negative", {"cash_position_usd": "-1"}),
        ("companies_debt_not_negative", {"total_debt_usd": "-1"}),
        ("companies_runway_not_negative", {"runway_quarters": "-1"}),
        ("companies_founded_year_range", {"founded_year": "1599"}),
    ],
)
def test_company_wrong_value_is_refused_by_insert_update_and_copy(constraint, values):
    with pytest.raises(IntegrityError, match=constraint):
        insert("companies", **{"name": "'Acme'", **values})
    company = CompanyFactory()
    changes = ", ".join(f"{column} = {value}" for column, value in values.items())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE companies SET {changes} WHERE id = %s", [company.pk])
    plain = {column: value.strip("'") for column, value in values.items()}
    with pytest.raises(IntegrityError, match=constraint):
        copy("companies", **{"name": "Acme", **plain})
    assert Company.objects.count() == 1


def test_company_negative_burn_is_a_company_that_earns():
    insert("companies", name="'Acme'", quarterly_burn_rate_usd="-5")
    assert Company.objects.get().quarterly_burn_rate_usd == -5


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("drug_candidates_name_not_blank", {"name": "''"}),
        ("drug_candidates_phase_known", {"phase": "'phase_4'"}),
        ("drug_candidates_area_known", {"therapeutic_area": "'neuro'"}),
        ("drug_candidates_patent_years_not_negative", {"patent_years_remaining": "-1"}),
        ("drug_candidates_phase_score_range", {"phase_score": "100.0001"}),
        ("drug_candidates_landscape_score_range", {"competitive_landscape_score": "-0.0001"}),
        ("drug_candidates_potential_not_negative", {"market_potential_usd": "-1"}),
        ("drug_candidates_additional_data_is_object", {"additional_data": "'[]'"}),
        ("drug_candidates_field_sources_is_object", {"field_sources": "'[]'"}),
    ],
)
def test_candidate_wrong_value_is_refused(constraint, values):
    company = CompanyFactory()
    with pytest.raises(IntegrityError, match=constraint):
        insert("drug_candidates", **{"company_id": f"'{company.pk}'", "name": "'X'", **values})


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("company_aliases_kind_known", {"kind": "'nickname'"}),
        ("company_aliases_period_ordered", {"valid_from": "'2025-01-02'", "valid_to": "'2025-01-01'"}),
    ],
)
def test_alias_wrong_value_is_refused(constraint, values):
    company = CompanyFactory()
    with pytest.raises(IntegrityError, match=constraint):
        insert("company_aliases", **{"company_id": f"'{company.pk}'", "alias": "'X'", **values})


def test_alias_twice_is_refused_also_without_a_first_day():
    company = CompanyFactory()
    insert("company_aliases", company_id=f"'{company.pk}'", alias="'X'")
    with pytest.raises(IntegrityError, match="company_aliases_uniq"):
        insert("company_aliases", company_id=f"'{company.pk}'", alias="'X'")


@pytest.mark.parametrize(("column", "value"), [("ticker", "ACME"), ("cik", "0000000042")])
def test_live_key_is_unique_and_free_again_after_archiving(column, value):
    first = CompanyFactory(**{column: value})
    with pytest.raises(IntegrityError, match=f"companies_live_{column}_uniq"):
        insert("companies", name="'Second'", **{column: f"'{value}'"})
    Company.objects.filter(pk=first.pk).archive()
    insert("companies", name="'Second'", **{column: f"'{value}'"})
    insert("companies", name="'Third'", deleted_at="now()", **{column: f"'{value}'"})
    assert Company.objects.get(**{column: value}).name == "Second"
    assert Company.all_objects.filter(**{column: value}).count() == 3


def test_unlisted_companies_share_no_ticker_and_are_allowed_in_any_number():
    CompanyFactory(ticker=None, cik=None)
    CompanyFactory(ticker=None, cik=None)
    assert Company.objects.count() == 2


def test_company_clean_brings_ticker_and_cik_into_form():
    company = Company(name="Acme", ticker=" acme ", cik="42")
    company.full_clean()
    assert (company.ticker, company.cik) == ("ACME", "0000000042")
    blank = Company(name="Acme", ticker=" ", cik="")
    blank.full_clean()
    assert (blank.ticker, blank.cik) == (None, None)


@pytest.mark.parametrize("form", ["one_insert", "ninety_nine"])
def test_money_beyond_its_digits_is_refused_not_cut(form):
    value = "1e18" if form == "one_insert" else "999999999999999999.999"
    with pytest.raises(DataError):
        insert("companies", name="'Acme'", market_cap_usd=value)


def test_candidate_goes_with_its_company_when_that_is_deleted_for_good():
    company = CompanyFactory()
    DrugCandidate.objects.create(company=company, name="X")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM companies")
    assert not DrugCandidate.all_objects.exists()
