"""The database refuses wrong scores, matches and weights, and a second latest score."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from scoring.models import COMPONENTS, ScoreVersion, ScoreWeight
from tests.factories import AcquirerMatchFactory, CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("ma_scores_total_range", {"total_score": "100.0001"}),
        ("ma_scores_total_range", {"total_score": "-0.0001"}),
        ("ma_scores_percentile_range", {"percentile_rank": "100.0001"}),
        ("ma_scores_confidence_range", {"confidence": "1.0001"}),
        ("ma_scores_change_30d_range", {"score_change_30d": "100.0001"}),
        ("ma_scores_change_90d_range", {"score_change_90d": "-100.0001"}),
        ("ma_scores_key_drivers_is_array", {"key_drivers": {}}),
        ("ma_scores_risk_factors_is_array", {"risk_factors": "x"}),
        ("ma_scores_metadata_is_object", {"metadata": []}),
        *[(f"ma_scores_{part}_range", {f"{part}_score": "100.0001"}) for part in COMPONENTS],
        *[(f"ma_scores_{part}_range", {f"{part}_score": "-0.0001"}) for part in COMPONENTS],
    ],
)
def test_score_wrong_value_is_refused(constraint, values):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        MAScoreFactory(**values)


def test_score_of_a_company_day_and_version_is_one():
    company = CompanyFactory()
    MAScoreFactory(company=company)
    MAScoreFactory(company=company, score_version="2")
    MAScoreFactory(company=company, score_date=dt.date(2025, 6, 29))
    with pytest.raises(IntegrityError, match="ma_scores_uniq"), transaction.atomic():
        MAScoreFactory(company=company)


def test_score_latest_of_a_company_is_one_over_all_versions():
    company = CompanyFactory()
    MAScoreFactory(company=company, is_latest=True)
    MAScoreFactory(is_latest=True)
    with pytest.raises(IntegrityError, match="ma_scores_one_latest"), transaction.atomic():
        MAScoreFactory(company=company, score_version="2", is_latest=True)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("acquirer_matches_strategic_fit_range", {"strategic_fit_score": Decimal("10.0001")}),
        ("acquirer_matches_therapeutic_overlap_range", {"therapeutic_overlap_score": Decimal(-1)}),
        ("acquirer_matches_geographic_fit_range", {"geographic_fit_score": Decimal(11)}),
        ("acquirer_matches_financial_capacity_range", {"financial_capacity_score": Decimal(11)}),
        ("acquirer_matches_historical_ma_range", {"historical_ma_score": Decimal(11)}),
        ("acquirer_matches_name_not_blank", {"acquirer_name": " "}),
        ("acquirer_matches_key_assets_of_interest_is_array", {"key_assets_of_interest": {}}),
        ("acquirer_matches_estimated_valuation_range_usd_is_object", {"estimated_valuation_range_usd": []}),
        ("acquirer_matches_metadata_is_object", {"metadata": 1}),
    ],
)
def test_match_wrong_value_is_refused(constraint, values):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        AcquirerMatchFactory(**values)


def test_match_of_a_pair_and_day_is_one_also_for_unlisted_acquirers():
    target = CompanyFactory()
    row = {"target_company": target, "acquirer_ticker": "", "acquirer_name": "Family Pharma"}
    AcquirerMatchFactory(**row)
    AcquirerMatchFactory(**{**row, "acquirer_name": "Another Pharma"})
    with pytest.raises(IntegrityError, match="acquirer_matches_uniq"), transaction.atomic():
        AcquirerMatchFactory(**row)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("score_weights_component_known", {"component": "luck"}),
        ("score_weights_range", {"weight": Decimal("1.0001")}),
        ("score_weights_uniq", {"component": "patent"}),
    ],
)
def test_weight_wrong_value_is_refused(constraint, values):
    version = ScoreVersion.objects.create(version="test")
    row = {"score_version": version, "component": "pipeline", "weight": Decimal("0.5"), "reason": "x"}
    ScoreWeight.objects.create(**{**row, "component": "patent"})
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ScoreWeight.objects.create(**{**row, **values})


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("score_versions_version_uniq", {"version": "test"}),
        ("score_versions_status_known", {"status": "live", "published_at": timezone.now()}),
        ("score_versions_published_stamped", {"status": "published"}),
    ],
)
def test_version_wrong_value_is_refused(constraint, values):
    ScoreVersion.objects.create(version="test")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ScoreVersion.objects.create(**{"version": "test2", **values})
