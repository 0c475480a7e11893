"""Studies of ClinicalTrials.gov: a study, a page of them, or the list that the site downloads. Pure: no writing.

Source: https://clinicaltrials.gov/api/v2/studies and /api/v2/studies/NCT########; README.md describes the fields.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from companies.starter.trials import PHASES, STATUSES
from signals_app.ingest.base import ParseError
from signals_app.ingest.whole_files import json_value

NCT_ID = re.compile(r"NCT\d{8}")
MONTH = re.compile(r"(\d{4})-(\d{2})")
MESH_ID = re.compile(r"D0*(\d{1,9})")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2150
MOST_ENROLLED = 2_000_000_000
LONGEST_NAME = 500
LONGEST_TEXT = 2000
# Statuses that say nothing about the programme.
OTHER_STATUSES = frozenset({"WITHHELD", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE"})
UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, or a month taken as its last day; `is_actual` where it has happened."""

    day: date
    by_month: bool
    is_actual: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept beside a candidate."""
        return {
            "date": self.day.isoformat(), "precision": "month" if self.by_month else "day",
            "type": "actual" if self.is_actual else "estimated",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: its label, its role in the registry's words (empty: not said) and what is given in it."""

    label: str
    role: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something given: its kind in the registry's words (empty: not said), its names, the arms that get it."""

    kind: str
    name: str
    other_names: tuple[str, ...]
    arms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """A study as it stood on the day its last update was posted (`version`; None where the page does not say)."""

    file: str
    nct_id: str
    version: date | None
    first_posted: date | None
    title: str
    kind: str
    status: str
    phase: str
    why_stopped: str
    start: PartialDate | None
    primary_completion: PartialDate | None
    completion: PartialDate | None
    results_posted: date | None
    enrolment: int | None
    sponsor: str
    conditions: tuple[str, ...]
    mesh: tuple[int, ...]
    arms: tuple[Arm, ...]
    interventions: tuple[Intervention, ...]
    countries: tuple[str, ...]


def parse(data: bytes, file: str, *, today: date) -> list[Study | ParseError]:
    """Return the studies of a document, faulty ones as ParseError. Raises ParseError where it holds no study at all."""
    document = json_value(data, file)
    if isinstance(document, list):
        studies = document
    elif isinstance(document, dict) and isinstance(document.get("studies"), list):
        studies = document["studies"]
    elif isinstance(document, dict) and isinstance(document.get("protocolSection"), dict):
        studies = [document]
    else:
        raise ParseError(file, None, "is neither a study nor a page of studies")
    return [_study_or_fault(study, file, number, today) for number, study in enumerate(studies)]


def _study_or_fault(study: Any, file: str, number: int, today: date) -> Study | ParseError:
    try:
        return _study(study, file, today)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        return ParseError(file, None, f"study {number + 1}: {reason}")


def _study(study: Any, file: str, today: date) -> Study:
    if not isinstance(study, dict):
        raise ValueError(f"{str(study)[:40]!r} is no study")
    sections = _Sections(study)
    nct_id = str(sections.of("identification").get("nctId", ""))
    if not NCT_ID.fullmatch(nct_id):
        raise ValueError(f"nctId {nct_id[:40]!r} is no NCT id")
    status = sections.of("status")
    return Study(
        file=file,
        nct_id=nct_id,
        version=_posted(status, "lastUpdatePostDateStruct", today),
        first_posted=_posted(status, "studyFirstPostDateStruct", today),
        title=_text(sections.of("identification").get("briefTitle")),
        kind=str(sections.of("design").get("studyType") or ""),
        status=_word(status.get("overallStatus"), STATUSES | OTHER_STATUSES, "overallStatus"),
        phase=_phase(sections.of("design").get("phases")),
        why_stopped=_text(status.get("whyStopped")),
        start=_partial(status, "startDateStruct"),
        primary_completion=_partial(status, "primaryCompletionDateStruct"),
        completion=_partial(status, "completionDateStruct"),
        results_posted=_posted(status, "resultsFirstPostDateStruct", today),
        enrolment=_count(sections.of("design").get("enrollmentInfo")),
        sponsor=_text(_mapping(sections.of("sponsorCollaborators").get("leadSponsor")).get("name"))[:LONGEST_NAME],
        conditions=_texts(sections.of("conditions").get("conditions")),
        mesh=sections.mesh(),
        arms=tuple(_arm(arm) for arm in _list(sections.of("armsInterventions").get("armGroups"))),
        interventions=tuple(
            _intervention(given) for given in _list(sections.of("armsInterventions").get("interventions"))
        ),
        countries=_countries(sections.of("contactsLocations").get("locations")),
    )


class _Sections:
    """A study's modules; one that is missing is empty."""

    def __init__(self, study: Any) -> None:
        self.protocol = _mapping(study["protocolSection"])
        self.derived = _mapping(study.get("derivedSection"))

    def of(self, module: str) -> Mapping[str, Any]:
        """Return a module of the protocol."""
        return _mapping(self.protocol.get(f"{module}Module"))

    def mesh(self) -> tuple[int, ...]:
        """Return the numbers of the conditions' MeSH headings and their ancestors: D009369 is 9369."""
        browse = _mapping(self.derived.get("conditionBrowseModule"))
        terms = [*_list(browse.get("meshes")), *_list(browse.get("ancestors"))]
        matches = (MESH_ID.fullmatch(str(_mapping(term).get("id", ""))) for term in terms)
        return tuple(sorted({int(match[1]) for match in matches if match}))


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{str(value)[:40]!r} is no object")
    return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{str(value)[:40]!r} is no list")
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]!r} is no text")
    return UNWRITABLE.sub("", " ".join(value.split()))[:LONGEST_TEXT]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for item in _list(value) if (text := _text(item)[:LONGEST_NAME]))


def _word(value: Any, known: frozenset[str] | set[str], name: str) -> str:
    word = str(value or "UNKNOWN")
    if word not in known:
        raise ValueError(f"{name} {word[:40]!r} is unknown")
    return word


def _phase(value: Any) -> str:
    """Return the phases as one of the keys of PHASES; empty where the study has none."""
    phase = "|".join(sorted({str(item) for item in _list(value)}))
    if phase not in PHASES:
        raise ValueError(f"phases {phase[:40]!r} are unknown")
    return phase


def _partial(status: Mapping[str, Any], name: str) -> PartialDate | None:
    struct = _mapping(status.get(name))
    text = struct.get("date")
    if not text:
        return None
    month = MONTH.fullmatch(str(text))
    try:
        if month:
            year, number = int(month[1]), int(month[2])
            day = date(year, number, monthrange(year, number)[1])
        else:
            day = date.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"{name} {str(text)[:40]!r} is neither a day nor a month") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"{name} {text} is no day of a study")
    return PartialDate(day, bool(month), str(struct.get("type") or "") == "ACTUAL")


def _posted(status: Mapping[str, Any], name: str, today: date) -> date | None:
    found = _partial(status, name)
    if found is None:
        return None
    if found.by_month:
        raise ValueError(f"{name} is no day")
    if found.day > today:
        raise ValueError(f"{name} {found.day} is in the future")
    return found.day


def _count(value: Any) -> int | None:
    count = _mapping(value).get("count")
    if count is None:
        return None
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST_ENROLLED:
        raise ValueError(f"enrolment {str(count)[:40]!r} is no number of people")
    return count


def _arm(value: Any) -> Arm:
    arm = _mapping(value)
    return Arm(_text(arm.get("label")), str(arm.get("type") or ""), _texts(arm.get("interventionNames")))


def _intervention(value: Any) -> Intervention:
    given = _mapping(value)
    return Intervention(
        str(given.get("type") or ""), _text(given.get("name"))[:LONGEST_NAME], _texts(given.get("otherNames")),
        _texts(given.get("armGroupLabels")),
    )  # fmt: skip


def _countries(value: Any) -> tuple[str, ...]:
    return tuple(sorted({_text(_mapping(site).get("country")) for site in _list(value)} - {""}))
