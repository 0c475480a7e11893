"""How companies and drug candidates are written."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from rest_framework import serializers

from biotech_ma.core.api.fields import StrictCharField, StrictChoiceField, TextListField, choices_field
from biotech_ma.core.api.schema_fields import COMPANY
from biotech_ma.core.api.serializers import CheckedModelSerializer, StrictSerializer
from companies.api.reads import COMPANIES, DRUG_CANDIDATES
from companies.choices import TherapeuticArea
from companies.merging import FILLABLE, MOST_OF_A_REASON
from companies.models import Company, DrugCandidate
from companies.querysets import id_or_ticker, merged_at
from companies.services import curated_notes, follow_edit, note_edit, tell_of_edit


class CompanyRefField(serializers.CharField):
    """A live company, by id or ticker in any case."""

    word_pattern = COMPANY
    default_error_messages = {
        "unknown": 'No live company has the id or ticker "{ref}".',
        "merged": "{duplicate} is merged into {kept}: name that one.",
        "not_text": "An id or a ticker, as text.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the company."""
        if not isinstance(data, str):
            self.fail("not_text")
        ref = id_or_ticker(data)
        context: Any = self.context
        found: dict[str, Company | None] = context.setdefault("companies", {})
        key = str(ref)
        if key not in found:
            live = Company.objects.by_ref(ref).first() if ref is not None else None
            found[key] = live or (merged_at(ref) if ref is not None else None)
        company = found[key]
        if company is None:
            self.fail("unknown", ref=data[:100])
        if company.merged_into is not None:
            self.fail("merged", duplicate=company, kept=company.merged_into)
        return company

    def to_representation(self, value: Any) -> str:
        """Return the company's id."""
        return str(getattr(value, "pk", value))


def companies_of(refs: Iterable[Any]) -> dict[str, Company | None]:
    """Return the context's `companies` for many rows: the live company of each id and ticker, else the duplicate that
    was merged last, None for none."""
    asked = {str(ref): ref for ref in map(id_or_ticker, {ref for ref in refs if isinstance(ref, str)}) if ref}
    ids = [ref for ref in asked.values() if isinstance(ref, UUID)]
    tickers = [ref for ref in asked.values() if isinstance(ref, str)]
    found: dict[str, Company | None] = dict.fromkeys(asked)
    named = Company.all_objects.filter(Q(pk__in=ids) | Q(ticker__in=tickers))
    rows = named.filter(Q(deleted_at=None) | Q(merged_into__isnull=False)).select_related("merged_into")
    # The live ones come last, and so stand.
    for company in rows.order_by(F("deleted_at").asc(nulls_last=True)):
        found.update({key: company for key in (str(company.pk), company.ticker) if key in found})
    return found


class CuratedSerializer(CheckedModelSerializer):
    """A row that says where each field came from: what is written here is curated, and no source overwrites it."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values, with a note on each that the caller set."""
        attrs = super().validate(attrs)
        held = self.instance or self.model()
        changed = [name for name, value in attrs.items() if value != getattr(held, name, None) and name != "company"]
        self.changed = changed
        return {**attrs, "field_sources": curated_notes(held, changed)} if changed else attrs

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Add the row, and have scores follow."""
        row = super().create(validated_data)
        tell_of_edit(type(row), self.changed)
        return row

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Write the row, and have scores follow."""
        row = super().update(instance, validated_data)
        tell_of_edit(type(row), self.changed)
        return row


class CompanySerializer(CuratedSerializer):
    """A company as it is written."""

    resource = COMPANIES
    therapeutic_areas = choices_field(TherapeuticArea, required=False, help_text="The areas of its own programmes.")

    class Meta:
        model = Company
        fields = (
            "ticker",
            "cik",
            "name",
            "role",
            "market_cap_usd",
            "market_cap_as_of",
            "cash_position_usd",
            "quarterly_burn_rate_usd",
            "total_debt_usd",
            "runway_quarters",
            "enterprise_value_usd",
            "therapeutic_areas",
            "founded_year",
            "employee_count",
            "headquarters_location",
            "is_public",
            "is_cash_constrained",
            "history_starts",
            "metadata",
        )

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Add the company; what the caller says of its figures goes into the ledger, too."""
        made = super().create(_followed(Company(), validated_data))
        note_edit(before=Company(), after=made)
        return made

    def update(self, instance: Company, validated_data: dict[str, Any]) -> Any:
        """Write the company; what the edit says of its figures goes into the ledger, too."""
        before = copy(instance)
        after = super().update(instance, _followed(before, validated_data))
        note_edit(before=before, after=after)
        return after


def _followed(before: Company, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values to write, with what rests on them."""
    after = copy(before)
    for name, value in values.items():
        setattr(after, name, value)
    return values | {name: getattr(after, name) for name in follow_edit(before=before, after=after)}


class OfCompanySerializer(CheckedModelSerializer):
    """A row that belongs to a company: `company` is its id or ticker, and need not be sent again on a change."""

    company = CompanyRefField(help_text="Id or ticker of a live company.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; an existing row keeps its company unless another is sent."""
        fields = super().get_fields()
        if self.instance is not None:
            fields["company"].required = False
        return fields


class MergeSerializer(StrictSerializer):
    """Which company is a duplicate, what is taken over from it, and why the two are one."""

    duplicate = CompanyRefField(help_text="Id or ticker of the live company that is merged.")
    fill = TextListField(
        child=StrictChoiceField(choices=FILLABLE),
        required=False,
        help_text="Fields that the kept company lacks and takes over; lists are added to.",
    )
    reason = StrictCharField(
        required=False, max_length=MOST_OF_A_REASON, help_text="Why, for both histories; or send X-Change-Reason."
    )


class DrugCandidateSerializer(OfCompanySerializer, CuratedSerializer):
    """A drug candidate as it is written."""

    resource = DRUG_CANDIDATES

    class Meta:
        model = DrugCandidate
        fields = (
            "company",
            "name",
            "phase",
            "indication",
            "mechanism",
            "therapeutic_area",
            "patent_expiry",
            "orphan_designation",
            "fast_track",
            "breakthrough_therapy",
            "next_milestone",
            "next_milestone_date",
            "phase_score",
            "competitive_landscape_score",
            "market_potential_usd",
            "additional_data",
        )
