"""Forms of curated rows."""

from __future__ import annotations

from typing import Any

from biotech_ma.core.admin.forms import DeskForm
from companies.models import DrugCandidate
from companies.services import curated_notes, tell_of_edit


class CandidateForm(DeskForm):
    """A drug candidate in the admin, on its own page or in a pipeline: what is changed here is the analyst's."""

    def save(self, commit: bool = True) -> Any:
        """Note each changed field as curated, so that no source overwrites it, and have scores follow."""
        if self.instance.pk and not self.instance._state.adding:
            self.instance.field_sources = curated_notes(self.instance, self.changed_data)
        tell_of_edit(DrugCandidate, self.changed_data)
        return super().save(commit)
