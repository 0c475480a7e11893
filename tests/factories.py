"""Rows for tests, each complete and valid by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory

from companies.choices import Phase
from companies.models import Company, DrugCandidate
from scoring.models import AcquirerMatch, MAScore
from signals_app.models import Signal


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    ticker = factory.Sequence(lambda n: f"TST{n}")
    cik = factory.Sequence(lambda n: f"{9_000_000_000 + n:010d}")
    name = factory.Sequence(lambda n: f"Testbio {n}")


class DrugCandidateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DrugCandidate

    company = factory.SubFactory(CompanyFactory)
    name = factory.Sequence(lambda n: f"TB-{n}")
    phase = Phase.PHASE_2
    indication = "Obesity"
    therapeutic_area = "metabolic"


class SignalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Signal

    company = factory.SubFactory(CompanyFactory)
    signal_type = "trial_started"
    event_date = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)
    available_at = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)
    title = factory.Sequence(lambda n: f"Trial {n} started")


class MAScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MAScore

    company = factory.SubFactory(CompanyFactory)
    score_date = dt.date(2025, 6, 30)
    total_score = Decimal("50")
    confidence = Decimal("0.8")


class AcquirerMatchFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AcquirerMatch

    target_company = factory.SubFactory(CompanyFactory)
    acquirer_ticker = factory.Sequence(lambda n: f"BUY{n}")
    acquirer_name = factory.Sequence(lambda n: f"Buyer {n}")
    match_date = dt.date(2025, 6, 30)
    strategic_fit_score = Decimal("5")
