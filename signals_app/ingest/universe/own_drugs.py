"""Rules for the trial arms of companies that nobody has reviewed: cautious, they rather leave a drug out than in.

A name counts as the company's own drug when it carries a development code (`ARD-501`) or is one word with an ending
that international nonproprietary names give to new drugs, and is on no list of comparators.
"""

from __future__ import annotations

import re

CODE = re.compile(r"\b([A-Z][A-Za-z]{1,6}[- ]?\d{2,7}[A-Za-z]?)\b")
# Codes that are no development codes: genes, viruses, antigens, isotopes, parts of a study.
NO_CODES = re.compile(r"^(COVID|CYP|CD|HER|IL|PD|SARS|HIV|Day|Arm|Part|Week|Phase|Cohort|Vitamin|CO|PET|Lu|Ga|Tc)")
NEW_DRUG_ENDING = re.compile(
    r"^[a-z]{4,}(mab|nib|cel|vec|gene|rsen|siran|tide|stat|limus|degib|ciclib|parib|clax|vir|cept|kinra|xaban|gliflozin|"
    r"gepant|orexant|caftor|trectinib|rafenib|metinib|lisib|ertinib|itinib|brutinib)$"
)
COMPARATORS = frozenset(
    {
        "abatacept",
        "abemaciclib",
        "acyclovir",
        "adalimumab",
        "aflibercept",
        "apixaban",
        "atezolizumab",
        "atorvastatin",
        "avelumab",
        "bevacizumab",
        "blinatumomab",
        "cemiplimab",
        "cetuximab",
        "daratumumab",
        "denosumab",
        "durvalumab",
        "entecavir",
        "erlotinib",
        "etanercept",
        "everolimus",
        "exenatide",
        "gemcitabine",
        "ibrutinib",
        "imatinib",
        "infliximab",
        "ipilimumab",
        "lapatinib",
        "leuprolide",
        "liraglutide",
        "nivolumab",
        "octreotide",
        "ofatumumab",
        "olaparib",
        "osimertinib",
        "palbociclib",
        "pembrolizumab",
        "pertuzumab",
        "ranibizumab",
        "remdesivir",
        "ribociclib",
        "rituximab",
        "rivaroxaban",
        "rosuvastatin",
        "ruxolitinib",
        "semaglutide",
        "simvastatin",
        "sirolimus",
        "sorafenib",
        "sunitinib",
        "tacrolimus",
        "tenofovir",
        "tocilizumab",
        "tofacitinib",
        "trastuzumab",
        "ustekinumab",
        "valacyclovir",
        "venetoclax",
    }
)
NO_DRUG = re.compile(
    r"placebo|saline|vehicle|sham|standard|observation|no intervention|questionnaire|registry|biopsy|biospecimen|blood|"
    r"sample|imaging|\bmri\b|\bpet\b|scan|exercise|diet|surgery|training|device|follow-up|registry|reference|comparator",
    re.IGNORECASE,
)


def own_drug(arm: str) -> str | None:
    """Return the drug's name without dose and arm noise; None for what the rules do not take for the company's own."""
    if NO_DRUG.search(arm):
        return None
    for match in CODE.finditer(arm):
        if not NO_CODES.match(match[1]):
            return match[1].replace(" ", "-")
    word = arm.strip().lower()
    return word if NEW_DRUG_ENDING.match(word) and word not in COMPARATORS else None
