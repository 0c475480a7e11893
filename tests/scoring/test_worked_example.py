"""Two real companies worked out by hand, from the facts of the starter data as of 2026-06-30, row by row as in a sheet.

ACADIA Pharmaceuticals (ACAD)                        Puma Biotechnology (PBYI)
  pimavanserin, Parkinson's psychosis  approved       neratinib, breast cancer  approved 2017-07-17
    2016-04-29, patent 2038-08-27                       patent 2031-07-18
  trofinetide, Rett syndrome           approved       alisertib, breast cancer  phase 2
    2023-03-10, patent 2040-08-03, orphan             neratinib, solid tumours  phase 1
  remlifanserin, Alzheimer's psychosis phase 3        market cap $320M
  pimavanserin, schizophrenia          phase 2        no research spending in the data
  pimavanserin, insomnia               given up
  market cap $4.4bn; R&D of 2025 $328,802,000 (10-K 0001193125-26-072519)

lead_stage         both approved: 100
breadth            ACAD 4 in phase 2 or later: 100 (1 - e^(-4/3)) = 100 (1 - 0.263597) = 73.6403
                   PBYI 2: 100 (1 - e^(-2/3)) = 100 (1 - 0.513417) = 48.6583
next_completion    no date of either: nobody has it, so 50
protected_years    ACAD until 2040-08-03: 5,148 days / 365.25 = 14.09446 years; (14.09446 - 3) / 12 = 92.4538 %
                   (its orphan exclusivity ended sooner: 2023-03-10 + 7 = 2030-03-10)
                   PBYI until 2031-07-18: 1,844 days = 5.04860 years; (5.04860 - 3) / 12 = 17.0716 %
size               ACAD log10 4.4e9 = 9.643453; ((9.643453 - 9.4) / 0.6)^2 / 2 = 0.0823183; e^-0.0823183 = 92.0979 %
                   PBYI log10 3.2e8 = 8.505150; ((8.505150 - 9.4) / 0.6)^2 / 2 = 1.1121619; e^-1.1121619 = 32.8847 %
research_spending  ACAD log10 328,802,000 = 8.516934, over 8.5: 100. PBYI: unknown, so the median, 100
orphan             ACAD yes: 100. PBYI: nobody recorded it; median of 100 and none: 50
filed_or_approved  both: 100
breakthrough, fast_track, clinical_hold, complete_response: recorded of neither: 0

Neither has corporate events or matches: their weights go to the others, which have 3/7, 1/7, 2/7 and 1/7.
            ACAD                                        PBYI
pipeline    .5*100 + .25*73.6403 + .25*50 = 80.910075   .5*100 + .25*48.6583 + .25*50 = 74.664575
patent      92.4538                                     17.0716
financial   .5*92.0979 + .5*100 = 96.04895              .5*32.8847 + .5*100 = 66.44235
regulatory  40 + .15*100 + .20*100 = 75                 40 + .15*50 + .20*100 = 67.5
total       (3*80.910075 + 92.4538 + 2*96.04895 + 75)/7 (3*74.664575 + 17.0716 + 2*66.44235 + 67.5)/7
            = 602.281925/7 = 86.040275                  = 441.450025/7 = 63.064289
baseline    pipeline 50 + .25*61.1493 + 12.5 = 77.787325; patent 54.7627; financial .5*62.4913 + 50 = 81.24565;
            regulatory 67.5; (3*77.787325 + 54.7627 + 2*81.24565 + 67.5)/7 = 518.115975/7 = 74.016568
confidence  (3*.75 + 1 + 2*1 + .35/1.35)/7 = .787037    (3*.75 + 1 + 2*.5 + .20/1.35)/7 = .628307
3/7*.25*(73.6403 - 61.1493) = 1.338321; 1/7*(17.0716 - 54.7627) = -5.384443; 2/7*.5*(92.0979 - 62.4913) = 4.229514
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from scoring.models import MAScore
from scoring.record import contributions_of
from scoring.services import score_universe
from tests.scoring.universe import DAY, candidate, company, research, signal

pytestmark = pytest.mark.django_db

# component, feature: ACAD's value, PBYI's value (* the median stands in), median
TABLE = """
pipeline   lead_stage         100.0000  100.0000   100.0000
pipeline   breadth             73.6403   48.6583    61.1493
pipeline   next_completion     50.0000*  50.0000*   50.0000
patent     protected_years     92.4538   17.0716    54.7627
financial  size                92.0979   32.8847    62.4913
financial  research_spending  100.0000  100.0000*  100.0000
regulatory breakthrough         0.0000*   0.0000*    0.0000
regulatory orphan             100.0000   50.0000*   50.0000
regulatory fast_track           0.0000*   0.0000*    0.0000
regulatory filed_or_approved  100.0000  100.0000   100.0000
regulatory clinical_hold        0.0000*   0.0000*    0.0000
regulatory complete_response    0.0000*   0.0000*    0.0000
"""
TOTALS = {"ACAD": ("86.0403", "0.7870"), "PBYI": ("63.0643", "0.6283")}
BASELINE = "74.0166"
POINTS = {
    ("ACAD", "breadth"): "1.3383",
    ("PBYI", "protected_years"): "-5.3844",
    ("ACAD", "size"): "4.2295",
    ("PBYI", "research_spending"): "0.0000",
}


@pytest.fixture
def acadia_and_puma() -> dict[str, MAScore]:
    acadia = company("ACAD", cik="0001070494", cap=4_400_000_000, as_of="2026-06-30")
    approved = {"additional_data": {"status": "approved", "approved_on": "2016-04-29"}}
    candidate(acadia, "approved", name="pimavanserin", indication="Parkinson's disease psychosis",
              patent_expiry="2038-08-27", **approved)  # fmt: skip
    candidate(acadia, "approved", name="trofinetide", indication="Rett syndrome", patent_expiry="2040-08-03",
              orphan_designation=True,
              additional_data={"status": "approved", "brands": ["DAYBUE"], "applications": ["NDA217026"]})  # fmt: skip
    signal(acadia, "fda_approval", "2023-03-10", drug="DAYBUE", application_number="NDA217026")
    candidate(acadia, "phase_3", name="remlifanserin", additional_data={"status": "active"})
    candidate(acadia, "phase_2", name="pimavanserin", indication="Schizophrenia",
              additional_data={"status": "completed"})  # fmt: skip
    candidate(acadia, "discontinued", name="pimavanserin", indication="Insomnia", additional_data={"status": "ended"})
    research(acadia, 328_802_000, end="2025-12-31", known="2026-02-26", form="10-K", accession="0001193125-26-072519")
    puma = company("PBYI", cik="0001401667", cap=320_000_000, as_of="2026-06-30")
    candidate(puma, "approved", name="neratinib", indication="Breast cancer", patent_expiry="2031-07-18",
              additional_data={"status": "approved", "approved_on": "2017-07-17"})  # fmt: skip
    candidate(puma, "phase_2", name="alisertib", indication="Breast cancer", additional_data={"status": "active"})
    candidate(puma, "phase_1", name="neratinib", indication="Solid tumors", additional_data={"status": "active"})
    score_universe(day=DAY)
    return {row.company.ticker or "": row for row in MAScore.objects.select_related("company")}


def test_values_and_medians_are_those_of_the_table(acadia_and_puma: dict[str, MAScore]) -> None:
    lines = [line.split() for line in TABLE.strip().splitlines()]
    for place, ticker in ((2, "ACAD"), (3, "PBYI")):
        by_hand = {
            (line[0], line[1]): (line[place].removesuffix("*"), line[4], line[place].endswith("*")) for line in lines
        }
        found = {
            (part["component"], part["feature"]): (part["value"], part["median"], part["imputed"])
            for part in contributions_of(acadia_and_puma[ticker]) or []
        }
        assert found == by_hand


def test_totals_baseline_and_confidence_are_those_of_the_sheet(acadia_and_puma: dict[str, MAScore]) -> None:
    for ticker, (total, confidence) in TOTALS.items():
        row = acadia_and_puma[ticker]
        assert (str(row.total_score), str(row.confidence)) == (total, confidence)
        assert row.metadata["baseline"] == BASELINE
        points = [Decimal(part["contribution"]) for part in contributions_of(row) or []]
        assert Decimal(BASELINE) + sum(points) == row.total_score
        assert row.metadata["unfed"] == ["insider", "strategic_fit"]


def test_single_contributions_are_those_of_the_sheet(acadia_and_puma: dict[str, MAScore]) -> None:
    for (ticker, feature), by_hand in POINTS.items():
        [part] = [p for p in contributions_of(acadia_and_puma[ticker]) or [] if p["feature"] == feature]
        # the largest remainder method may move a contribution by a unit of the last place
        assert abs(Decimal(part["contribution"]) - Decimal(by_hand)) <= Decimal("0.0001")
