"""What an analyst changes on a candidate in the admin is the analyst's: no source overwrites it."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.forms import modelform_factory

from companies.admin_companies import PipelineInline
from companies.forms import CandidateForm
from companies.models import DrugCandidate
from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.candidates import CandidateRecord, merge_candidates
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def propose(company, phase):
    outcome = Outcome("clinicaltrials")
    record = CandidateRecord(
        company_id=company.pk, ticker=company.ticker, name="TB-1", indication="Obesity", phase=phase,
        therapeutic_area="metabolic",
    )  # fmt: skip
    merge_candidates([record], source="clinicaltrials", outcome=outcome)
    return outcome


def test_changed_fields_become_curated_and_outrank_the_source():
    company = CompanyFactory()
    propose(company, "phase_1")
    candidate = DrugCandidate.objects.get()
    form_class = modelform_factory(DrugCandidate, form=CandidateForm, fields=["name", "phase"])
    typed = {"name": candidate.name, "phase": "phase_3", "change_reason": "the company told us"}
    form = form_class(typed, instance=candidate)
    assert form.is_valid(), form.errors
    form.save()
    candidate.refresh_from_db()
    assert candidate.field_sources["phase"]["source"] == "curated"
    assert candidate.field_sources["name"]["source"] == "clinicaltrials"
    outcome = propose(company, "phase_2")
    candidate.refresh_from_db()
    assert candidate.phase == "phase_3"
    assert len(outcome.refusals) == 1


def test_page_and_pipeline_use_the_form(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    page = admin.site.get_model_admin(DrugCandidate)
    assert issubclass(page.get_form(request), CandidateForm)
    pipeline = PipelineInline(admin.site.get_model_admin(DrugCandidate).model.company.field.related_model, admin.site)
    assert issubclass(pipeline.get_formset(request).form, CandidateForm)
