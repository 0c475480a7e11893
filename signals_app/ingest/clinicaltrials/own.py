"""Which interventions of a study are the sponsor's own drugs. Pure.

Own is what is given in an experimental arm and not in the arms that it is compared with. Comparators, placebo,
procedures and the therapy that everybody gets are left out. Where the roles of the arms say nothing, names decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from companies.starter import curated
from signals_app.ingest.clinicaltrials.parse import Intervention, Study
from signals_app.ingest.universe.own_drugs import COMPARATORS, NO_DRUG, own_drug

# An intervention without a kind (result pages may leave it out) is judged by its name alone.
DRUG_KINDS = frozenset({"DRUG", "BIOLOGICAL", "GENETIC", "COMBINATION_PRODUCT", "DIETARY_SUPPLEMENT", "RADIATION", ""})
STUDY_KINDS = frozenset({"INTERVENTIONAL", "EXPANDED_ACCESS", ""})
EXPERIMENTAL = "EXPERIMENTAL"
COMPARED_WITH = frozenset({"ACTIVE_COMPARATOR", "PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION"})
NOT_GIVEN_AS_DRUG = re.compile(
    r"\b(placebo|sham|vehicle|saline|dummy|control|standard|best supportive|usual care|background|physician|"
    r"chemotherapy|matching|observation|rescue|premedication|conditioning|lymphodepletion|adjuvant only)\b",
    re.IGNORECASE,
)
# What everybody gives: chemotherapy, steroids, probes of drug interaction, and words that name no drug.
_EVERYBODYS = """
carboplatin cisplatin oxaliplatin paclitaxel nab-paclitaxel docetaxel pemetrexed gemcitabine fluorouracil 5-fu
5-fluorouracil capecitabine irinotecan leucovorin folinic etoposide doxorubicin cyclophosphamide fludarabine
bortezomib lenalidomide pomalidomide dexamethasone prednisone prednisolone methylprednisolone methotrexate
azacitidine azacytidine cytarabine temozolomide letrozole fulvestrant anastrozole exemestane tamoxifen
metformin insulin fluticasone budesonide salbutamol albuterol montelukast midazolam itraconazole ketoconazole
rifampin rifampicin digoxin warfarin omeprazole caffeine aspirin acetaminophen paracetamol ibuprofen
epinephrine adrenaline topotecan vinorelbine ifosfamide eribulin chemoradiotherapy chemoradiation radiation
immunotherapy adjuvant vaccine vaccination probiotic maltodextrin corticosteroids steroids mesna filgrastim
xelox folfox folfiri chemotherapy chemo radiotherapy water glucose dextrose lactose
"""
BACKBONES = frozenset(_EVERYBODYS.split())
# What a class of drugs is called, not a drug.
GENERIC_ENDS = frozenset(
    {
        "chemoradiotherapy",
        "radiotherapy",
        "chemotherapy",
        "inhibitor",
        "inhibitors",
        "agonist",
        "treatment",
        "therapy",
        "regimen",
        "hyaluronidase",
    }
)
DOSING = re.compile(r"\s*\bdos(?:ing|age)\b.*$", re.IGNORECASE)
DOSE = re.compile(
    r"[,;:]?\s*\(?\b\d+(?:[.,]\d+)*\s*(?:mg|µg|μg|ug|mcg|ng|g|kg|ml|mL|µl|iu|IU|U|units?|%|nM|mM|cells|vg|sq-\w+|DU|AU)"
    r"(?:\s*/\s*(?:kg|m2|m²|day|d|ml|mL|week|dose))?\b\)?",
)
FORMS = re.compile(
    r"[,;:]?\s*\b(?:film[- ]coated|oral|sublingual|subcutaneous(?:ly)?|intravenous(?:ly)?|intravitreal|inhaled|"
    r"tablets?|capsules?|injections?|infusions?|solution|suspension|cream|gel|ointment|nasal spray|spray|drops|powder|"
    r"for injection|s\.?c\.?|i\.?v\.?|q[dow]|bid|tid|b\.i\.d\.|once daily|twice daily|low[- ]dose|high[- ]dose|"
    r"mid[- ]dose|(?:full|intermediate|lower|higher|medium)[- ]dose|dose (?:level )?\w+|formulation \w+|"
    r"(?:by )?(?:intramuscular|intradermal|intrathecal|intratumoral)|therapeutic regimen)\b\.?",
    re.IGNORECASE,
)
PARENTHESIS = re.compile(r"\s*\([^)]*\)")
PREFIX = re.compile(r"^(?:drug|biological|genetic|combination product|radiation|dietary supplement|other)\s*:\s*", re.I)
PART_OF_STUDY = re.compile(
    r"^(?:part|cohort|arm|group|period|stage|phase)\s*\w+\s*(?:\([^)]*\))?\s*:\s*|^of\s+", re.IGNORECASE
)
TOGETHER = re.compile(
    r"\s*(?:\+(?!\w{0,2}$)|\bplus\b|\bin combination with\b|\bcombined with\b"
    r"|\bwith\b|/(?=\s)|\band\b|\bor\b|[;；，])\s*",
    re.IGNORECASE,
)
LONGEST_NAME = 255
SHORTEST_NAME = 3


def own_drugs(study: Study, ticker: str | None) -> list[str]:
    """Return the names of the sponsor's own drugs, in the study's order; none for an observational study."""
    if study.kind not in STUDY_KINDS:
        return []
    drugs = [given for given in study.interventions if given.kind in DRUG_KINDS and given.name]
    tried = [given for given in drugs if _is_tried(given, study)] or [
        given for given in drugs if not _is_only_compared(given, study)
    ]
    names: dict[str, str] = {}
    for given in tried:
        for name in _names(given, ticker):
            names.setdefault(name.casefold(), name)
    if len(names) > 1:
        others = {key: name for key, name in names.items() if key not in COMPARATORS}
        names = others or names
    return list(names.values())


def _roles(given: Intervention, study: Study) -> set[str]:
    """Return the roles of the arms in which it is given; they name each other, and either may forget to."""
    label = given.name.casefold()
    return {
        arm.role
        for arm in study.arms
        if arm.label in given.arms or any(PREFIX.sub("", name).casefold() == label for name in arm.given)
    }


def _is_tried(given: Intervention, study: Study) -> bool:
    """Whether it is given where something is tried, and not where that is compared with something else."""
    roles = _roles(given, study)
    if not {arm.role for arm in study.arms} & {EXPERIMENTAL}:
        return not roles & COMPARED_WITH
    return EXPERIMENTAL in roles and not roles & COMPARED_WITH


def _is_only_compared(given: Intervention, study: Study) -> bool:
    """Whether it is given as the comparator and nowhere else, in a study that tries something."""
    tries = any(arm.role == EXPERIMENTAL for arm in study.arms)
    return tries and EXPERIMENTAL not in _roles(given, study)


def _names(given: Intervention, ticker: str | None) -> Iterable[str]:
    """Yield the drugs that an intervention's name stands for, as analysts call them where they reviewed the company."""
    if ticker and curated.is_reviewed(ticker):
        for name in (given.name, *given.other_names):
            known = curated.own_drug(ticker, name)
            if known:
                yield known
                return
    if NOT_GIVEN_AS_DRUG.search(given.name) or _is_no_drug(given.name):
        return
    for part in _parts(PREFIX.sub("", given.name)):
        name = clean_name(PART_OF_STUDY.sub("", part))
        if name and not _is_backbone(name):
            yield name


def _parts(name: str) -> list[str]:
    """Return the drugs given together; a slash joins two where one of them is everybody's."""
    parts = TOGETHER.split(name)
    slashed = [piece for part in parts for piece in part.split("/")]
    return slashed if any(piece.strip().casefold() in BACKBONES for piece in slashed) else parts


def _is_no_drug(name: str) -> bool:
    """Whether the cautious rules call it no drug; a development code in the name outweighs a word like `reference`."""
    return bool(NO_DRUG.search(name)) and own_drug(NO_DRUG.sub("", name)) is None


def _is_backbone(name: str) -> bool:
    words = name.casefold().replace("5 fluorouracil", "5-fluorouracil").split()
    return words[0].strip(",.") in BACKBONES or words[-1] in GENERIC_ENDS


def clean_name(text: str) -> str:
    """Return a drug's name without its dose, form and what stands in brackets; empty where nothing is left."""
    name = PARENTHESIS.sub("", text)
    name = FORMS.sub("", DOSE.sub("", DOSING.sub("", name)))
    name = " ".join(name.strip(" -–,;:./®™*").replace("®", "").replace("™", "").split())
    return name[:LONGEST_NAME] if len(name) >= SHORTEST_NAME and re.search(r"[A-Za-z]", name) else ""
