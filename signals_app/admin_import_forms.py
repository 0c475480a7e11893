"""The forms of an import: the file, what its columns are and how it is meant, why it is applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from biotech_ma.core.sheets.encodings import CHOICES
from biotech_ma.core.sheets.grid import MOST_BYTES, letter
from biotech_ma.core.sheets.values import DayOrder
from signals_app.import_models import ImportKind, SheetImport
from signals_app.imports.columns import SCALES, Column, Layout
from signals_app.imports.plan import Options
from signals_app.imports.targets import TARGETS, Kind, Shape

MEGABYTES = MOST_BYTES // 1024 // 1024
LONGEST_SOURCE = 64
# What provenance already means something else by.
TAKEN = frozenset({"curated", "starter", "edgar", "analyst", "clinicaltrials", "drugsfda", "orangebook", "prices"})
DAY_ORDERS = [
    (str(DayOrder.REFUSE), "Refuse days like 01/02/2026"),
    (str(DayOrder.MONTH_FIRST), "Month first: 01/02/2026 is 2 January"),
    (str(DayOrder.DAY_FIRST), "Day first: 01/02/2026 is 1 February"),
]
SCALE_WORDS = {"1": "as written", "thousands": "in thousands", "millions": "in millions", "billions": "in billions"}


class UploadForm(forms.Form):
    """A file and what its rows are."""

    kind = forms.ChoiceField(label="The rows are", choices=ImportKind.choices, widget=UnfoldAdminSelectWidget)
    file = forms.FileField(
        label="File",
        help_text=(
            f"CSV, XLSX, XLSB, XLS or ODS, at most {MEGABYTES} MB. Nothing is written before you have seen what would "
            "change."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsb,.xls,.ods"}),
    )

    def __init__(self, request: HttpRequest, kinds: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.fields["kind"].choices = [pair for pair in ImportKind.choices if pair[0] in kinds]  # type: ignore[attr-defined]
        if request.META.get("desk.upload_too_large"):
            self.fields["file"].error_messages["required"] = f"The file is larger than {MEGABYTES} MB. Split it."


class MappingForm(forms.Form):
    """What each column is, and how the file is meant."""

    source = forms.CharField(
        label="Whose values these are",
        required=False,
        max_length=LONGEST_SOURCE,
        help_text="Empty: the desk's own, which outrank every source. A name (“Broker X”): a source's, which never "
        "overwrites what an analyst set; what it says otherwise waits in the review queue.",
        widget=UnfoldAdminTextInputWidget,
    )
    as_of = forms.DateField(
        label="As of",
        required=False,
        help_text="The day of market caps that have none of their own. Empty: today.",
        widget=UnfoldAdminDateWidget,
    )
    day_order = forms.ChoiceField(label="Days", choices=DAY_ORDERS, widget=UnfoldAdminSelectWidget)
    adds = forms.BooleanField(
        label="Add what the desk does not have",
        required=False,
        help_text="Otherwise such rows are refused.",
        widget=UnfoldBooleanWidget,
    )
    by_row = forms.BooleanField(
        label="Let good rows in although others have faults",
        required=False,
        help_text="Otherwise all rows go in, or none.",
        widget=UnfoldBooleanWidget,
    )
    heading_row = forms.IntegerField(
        label="Headings in row", min_value=1, max_value=1000, widget=UnfoldAdminIntegerFieldWidget
    )
    has_units = forms.BooleanField(label="Units stand in the row below", required=False, widget=UnfoldBooleanWidget)
    sheet = forms.ChoiceField(label="Sheet", required=False, widget=UnfoldAdminSelectWidget)
    encoding = forms.ChoiceField(
        label="Letters are in",
        required=False,
        choices=[("", "as found out"), *((name, name) for name in CHOICES)],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, taken: SheetImport, **options: Any) -> None:
        kept = Options.from_json(taken.options)
        self.taken, self.layout = taken, Layout.from_json(taken.layout)
        initial = {
            "source": kept.source,
            "as_of": kept.as_of,
            "day_order": str(kept.day_order),
            "adds": kept.adds,
            "by_row": kept.by_row,
            "heading_row": self.layout.heading_row + 1,
            "has_units": self.layout.has_units,
            "sheet": taken.sheet,
            "encoding": self.layout.encoding,
        }
        super().__init__(initial=initial, **options)
        sheet: Any = self.fields["sheet"]
        sheet.choices = [(name, name) for name in taken.sheets]
        if not taken.sheets:
            del self.fields["sheet"]
        # A file that says its own encoding leaves nothing to choose.
        self.odd_words = taken.layout.get("odd_words", [])
        if not self.odd_words:
            del self.fields["encoding"]
        targets = TARGETS[Kind(taken.kind)]
        choices = [("", "— left out —"), *((target.name, target.label) for target in targets)]
        for column in self.layout.columns:
            self._add(f"target_{column.place}", choices, column.target, f"Column {letter(column.place)} fills")
            self._add(
                f"scale_{column.place}",
                list(SCALE_WORDS.items()),
                column.scale,
                f"Unit of column {letter(column.place)}",
            )

    def _add(self, name: str, choices: list[tuple[str, str]], initial: str, label: str) -> None:
        widget = UnfoldAdminSelectWidget(attrs={"aria-label": label})
        self.fields[name] = forms.ChoiceField(
            label=label, choices=choices, required=False, initial=initial, widget=widget
        )

    def columns(self) -> Iterator[dict[str, Any]]:
        """Yield each column as the page shows it: letters, heading, first values, the two choices."""
        for place, column in enumerate(self.layout.columns):
            samples = [row[place] for row in self.taken.sample if place < len(row)]
            if not column.heading and all(value in ("", "—") for value in samples):
                continue
            yield {
                "letter": letter(column.place),
                "heading": column.heading,
                "is_hidden": column.place in self.taken.layout.get("hidden", []),
                "samples": samples,
                "target": self[f"target_{column.place}"],
                "scale": self[f"scale_{column.place}"],
            }

    def general(self) -> list[forms.BoundField]:
        """Return the fields beside the columns."""
        names = ("source", "as_of", "day_order", "adds", "by_row", "sheet", "heading_row", "has_units", "encoding")
        return [self[name] for name in names if name in self.fields]

    def clean_source(self) -> str:
        """Refuse a name that provenance uses already."""
        source = " ".join(str(self.cleaned_data["source"]).split())
        if source.lower() in TAKEN:
            raise forms.ValidationError(f"{source} is the name of another source. Leave it empty for the desk's own.")
        return source

    def reads_anew(self) -> bool:
        """Return whether the headings are to be found elsewhere: the columns on the page are then others."""
        data, layout = self.cleaned_data, self.layout
        return (
            data["heading_row"] - 1 != layout.heading_row
            or data["has_units"] != layout.has_units
            or data.get("sheet", "") not in {"", self.taken.sheet}
            or data.get("encoding", "") != layout.encoding
        )

    def chosen(self) -> tuple[Layout, Options]:
        """Return what was chosen."""
        data = self.cleaned_data
        money = {target.name for target in TARGETS[Kind(self.taken.kind)] if target.shape is Shape.MONEY}
        columns = []
        for column in self.layout.columns:
            target = data.get(f"target_{column.place}", "")
            scale = data.get(f"scale_{column.place}") or "1"
            scale = scale if target in money and scale in SCALES else "1"
            columns.append(Column(column.place, column.heading, target, scale))
        options = Options(
            source=data["source"],
            adds=data["adds"],
            by_row=data["by_row"],
            day_order=DayOrder(data["day_order"]),
            as_of=data["as_of"],
        )
        return replace(self.layout, columns=tuple(columns)), options


class ApplyForm(forms.Form):
    """Why the file is imported."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Kept in the history of every row that changes.",
        widget=UnfoldAdminTextInputWidget,
    )


class UndoForm(forms.Form):
    """Why an import is undone."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Kept in the history of every row that changes back.",
        widget=UnfoldAdminTextInputWidget,
    )
