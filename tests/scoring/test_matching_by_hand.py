"""A real pair worked out by hand on 2026-06-30: Mirum as the target, BioMarin as the acquirer.

Programmes by Drugs@FDA and ClinicalTrials.gov, deals as announced, the market cap of June 2026 rounded to two digits.
No filing at hand tells BioMarin's earnings or expiring revenue, nor Mirum's debt: three terms, one method have inputs.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from scoring.engine.acquirers import match_universe
from scoring.engine.inputs import Amount, Evidence, Programme
from scoring.engine.parties import Acquirer, Deal, Target
from scoring.engine.rationale import key_assets, rationale
from scoring.engine.terms import terms
from scoring.engine.valuation import premiums, value

DAY = dt.date(2026, 6, 30)
FOUND = Evidence("test")


def programme(name: str, phase: str, area: str, indication: str) -> Programme:
    return Programme(name, indication, phase, area=area)


MIRUM = Target(
    key="mirm",
    name="Mirum Pharmaceuticals, Inc.",
    day=DAY,
    programmes=(
        programme("chenodiol", "approved", "rare_disease", "Cerebrotendinous xanthomatosis"),
        programme("cholic acid", "approved", "rare_disease", "Bile acid synthesis disorders"),
        programme("maralixibat", "approved", "rare_disease", "Alagille syndrome"),
        programme("maralixibat", "approved", "rare_disease", "Progressive familial intrahepatic cholestasis"),
        programme("maralixibat", "phase_2", "rare_disease", "Cholestatic liver disease"),
        programme("MRM-3379", "phase_2", "rare_disease", "Fragile X syndrome"),
        programme("brelovitug", "phase_3", "infectious_disease", "Chronic hepatitis D"),
        programme("maralixibat", "phase_1", "metabolic", "Metabolic dysfunction-associated steatohepatitis (NASH)"),
    ),
    regions={"US": FOUND},
    market_cap=Amount(Decimal(4_900_000_000), FOUND),
)
BIOMARIN = Acquirer(
    key="bmrn",
    name="BioMarin Pharmaceutical Inc.",
    programmes=(
        programme("cerliponase alfa", "approved", "rare_disease", "CLN2 disease"),
        programme("elosulfase alfa", "approved", "rare_disease", "Mucopolysaccharidosis type IVA"),
        programme("galsulfase", "approved", "rare_disease", "Mucopolysaccharidosis type VI"),
        programme("laronidase", "approved", "rare_disease", "Mucopolysaccharidosis type I"),
        programme("pegvaliase", "approved", "rare_disease", "Phenylketonuria"),
        programme("sapropterin", "approved", "rare_disease", "Phenylketonuria"),
        programme("valoctocogene roxaparvovec", "approved", "rare_disease", "Hemophilia A"),
        programme("vosoritide", "approved", "rare_disease", "Achondroplasia"),
        programme("INZ-701", "phase_3", "rare_disease", "ENPP1 deficiency"),
    ),
    regions={"US": FOUND},
    deals=(
        Deal(dt.date(2025, 5, 16), "Inozyme Pharma, Inc.", Decimal(270_000_000), ("rare_disease",), "phase_3"),
        Deal(dt.date(2025, 12, 19), "Amicus Therapeutics, Inc.", Decimal(4_800_000_000), ("rare_disease",), "approved"),
    ),
)
# what               | worked out                                                       | is
# Mirum's areas      | rare 4 x 100 + 2 x 60 = 520, infectious 85, metabolic 25: length | 527.494076
# cosine             | BioMarin is all rare diseases: 520 / 527.494076                  | .985793
# indications shared | none of 8 + 8                                                    | 0
# T                  | .6 x .985793                                                     | .591476
# G                  | the United States on both sides                                  | 1
# price              | 1.65 x 4.9bn = 8.085bn, as a power of ten                        | 9.907680
# like Inozyme       | area .985793, stage 1 - .15, size 8.431364: too far, 0; the mean | .611931
# like Amicus        | area .985793, stage 1, size 1 - (9.907680 - 9.681241); the mean  | .919785
# pooled rate        | BioMarin alone: (.611931 + .919785) / 5                          | .306343
# yearly rate        | (1.531716 + 2 x .306343) / 7                                     | .306343
# H                  | 1 - e^-.306343                                                   | .263865
# fit                | 10 x (.35 x .5915 + .10 x 1 + .15 x .2639) / .60                 | 5.7768
# worth, low to high | 4.9bn x 1.21, 1.42, 1.77                                         | 5.929, 6.958, 8.673bn


def test_real_pair_worked_out_by_hand_has_the_figures_of_the_table() -> None:
    match = match_universe([MIRUM], [BIOMARIN])[0][0]
    assert match.values == {"therapeutic": Decimal("0.5915"), "geography": 1, "history": Decimal("0.2639")}
    assert (match.fit, match.left_out, match.coverage) == (Decimal("5.7768"), ("capacity", "cliff"), Decimal("0.60"))
    assert rationale(match, terms(match)) == " ".join(
        [
            "Both work in rare disease: Mirum Pharmaceuticals' chenodiol (approved, Cerebrotendinous xanthomatosis)",
            "stands beside BioMarin Pharmaceutical's cerliponase alfa (approved, CLN2 disease).",
            "BioMarin Pharmaceutical announced 2 acquisitions in the five years to 2026-06-30; most like this one was",
            "Amicus Therapeutics, Inc. ($4.8bn, rare disease, approved, 2025-12-19).",
            "Left out for want of input: financial capacity and revenue to replace.",
        ]
    )
    assert [asset.programme.name for asset in key_assets(match)] == [
        "chenodiol",
        "cholic acid",
        "maralixibat",
        "MRM-3379",
    ]
    worth = value(MIRUM, premiums([]))
    assert (worth.low, worth.mid, worth.high) == (5_929_000_000, 6_958_000_000, 8_673_000_000)
    assert [method.name for method in worth.methods] == ["premium"]
