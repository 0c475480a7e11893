"""What independent readers get from the real files: figures, trials and last protected days.

The inputs were listed by throw-away scripts (csv and json of Python; awk and date for the Orange Book) without the
code under test. Sums and quotients of the first dozen were reckoned by hand; those under "Further companies" by a
second throw-away reader in exact fractions.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from signals_app.figures import figures
from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.clinicaltrials.parse import PartialDate, Study, parse
from signals_app.ingest.fda.orangebook import run as orangebook
from signals_app.ingest.universe import run as universe
from signals_app.models import FinancialFact
from signals_app.periods import FIELDS, Fact
from tests.factories import DrugCandidateFactory

# Thousands of dollars: liquid funds, trailing operating cash flow; runway in quarters, rounded down. From
# financial_facts.csv.gz, the rows of the company filed by the day, of one period the one filed last:
# liquid = cash + short-term investments at the newest end of cash; "part" where there are no investments and cash is
# under 40 % of assets; trailing = last year + this year to date - last year to the same date; runway = 4 x liquid /
# -trailing, None where liquid is "part", the trailing year unknown or positive.
WHOLE, PART = True, False
FIGURES = [
    # Its first report was filed on 2025-05-14; the year 2024 only with the 10-K of 2026-03-23.
    ("AARD", "2025-05-13", None, PART, None, None),
    ("AARD", "2025-11-12", 25_998 + 115_822, WHOLE, None, None),
    ("AARD", "2026-03-31", 47_051 + 62_976, WHOLE, -54_172, "8.12"),  # 440,108 / 54,172
    ("ABEO", "2023-06-30", 4_680, PART, -43_483 - 11_744 + 13_687, None),  # of 53,345: 9 %
    ("ABEO", "2024-06-28", 17_558, PART, -37_009 - 14_538 + 11_744, None),  # of 74,828: 23 %
    ("ABEO", "2026-03-31", 78_437, PART, -76_326, None),  # of 219,570: 36 %
    ("VKTX", "2023-06-30", 18_362, PART, -48_397 - 24_643 + 10_530, None),  # of 150,895: 12 %
    ("VKTX", "2024-06-28", 195_579, PART, -73_376 - 6_134 + 24_643, None),  # of 967,518: 20 %
    ("VKTX", "2026-03-31", 165_810, PART, -278_685, None),  # of 715,729: 23 %
    ("MDGL", "2023-06-30", 113_308, PART, -224_857 - 84_067 + 49_913, None),  # of 332,449: 34 %
    ("MDGL", "2024-06-28", 622_517, WHOLE, -324_230 - 149_157 + 84_067, "6.39"),  # 58 %; 2,490,068 / 389,320
    ("MDGL", "2026-03-31", 198_693, PART, -189_553, None),  # of 1,259,589: 16 %
    ("SRPT", "2023-06-30", 871_668 + 1_010_429, WHOLE, -325_346 - 209_396 + 101_175, "17.36"),  # 7,528,388 / 433,567
    ("SRPT", "2024-06-28", 427_290 + 963_453, WHOLE, -500_993 - 242_076 + 209_396, "10.42"),  # 5,562,972 / 533,673
    ("SRPT", "2026-03-31", 801_282 + 138_368, WHOLE, -205_479, "18.29"),  # 3,758,600 / 205,479
    ("ACAD", "2023-06-30", 290_895, WHOLE, -114_035 - 17_933 + 76_329, "20.91"),  # of 655,305: 44 %; 1,163,580 / 55,639
    ("ACAD", "2024-06-28", 204_745, PART, 16_702 + 29_079 + 17_933, None),  # of 855,103: 24 %
    ("ACAD", "2026-03-31", 177_695, PART, 109_836, None),  # of 1,564,195: 11 %
    ("NVAX", "2023-06-30", 624_950, WHOLE, -415_937 - 325_593 + 88_510, "3.82"),  # 40.5 %; 2,499,800 / 653,020
    ("NVAX", "2024-06-28", 480_586, PART, -713_967 - 83_555 + 325_593, None),  # of 1,353,534: 36 %
    ("NVAX", "2026-03-31", 240_634 + 494_450, WHOLE, -244_635, "12.01"),  # 2,940,336 / 244,635
    ("CRSP", "2023-06-30", 344_407 + 1_538_763, WHOLE, -495_741 + 8_799 + 135_239, "21.41"),  # 7,532,680 / 351,703
    ("CRSP", "2024-06-28", 707_427 + 1_400_698, WHOLE, -260_375 + 109_752 - 8_799, "52.89"),  # 8,432,500 / 159,422
    ("CRSP", "2026-03-31", 347_559 + 1_628_269, WHOLE, -345_014, "22.90"),  # 7,903,312 / 345,014
    ("BEAM", "2023-06-30", 249_771 + 809_700, WHOLE, 22_527 - 109_815 - 218_490, "13.85"),  # 4,237,884 / 305,778
    ("BEAM", "2024-06-28", 287_848 + 806_706, WHOLE, -149_195 - 99_747 + 109_815, "31.46"),  # 4,378,216 / 139,127
    ("BEAM", "2026-03-31", 294_944 + 950_266, WHOLE, -345_102, "14.43"),  # 4,980,840 / 345,102
    # Years of 52 weeks that end on a Friday.
    ("EXEL", "2023-06-30", 540_597, PART, 362_614 + 84_408 - 147_719, None),  # of 3,143,359: 17 %
    ("EXEL", "2024-06-28", 259_561, PART, 333_324 + 68_822 - 84_408, None),  # of 2,803,752: 9 %
    ("EXEL", "2026-03-31", 482_488 + 576_603, WHOLE, 884_267, None),
    # Years that end in June, on foreign forms, in dollars.
    ("MESO", "2023-06-30", 48_799, PART, -65_782 - 46_991 + 51_888, None),  # of 650,441: 8 %
    ("MESO", "2024-06-28", 77_554, PART, -63_269 - 26_572 + 30_741, None),  # of 670,285: 12 %
    ("MESO", "2026-03-31", 129_975, PART, -49_954 - 30_344 + 20_655, None),  # of 782,307: 17 %
    ("BCRX", "2023-06-30", 155_136, PART, -161_850 - 47_512 + 77_800, None),  # of 509,737: 30 %
    ("BCRX", "2024-06-28", 84_333, PART, -95_141 - 53_684 + 47_512, None),  # of 467,892: 18 %
    ("BCRX", "2026-03-31", 89_736 + 185_011, WHOLE, 347_369, None),
    # Further companies, on other days.
    ("AXSM", "2023-12-29", 416_564, WHOLE, Decimal("-142280.798"), "11.71"),  # 69 %; 1,666,256 / 142,280.798
    ("AXSM", "2024-09-30", 315_657, WHOLE, -145_080 - 83_577 + 61_170, "7.53"),  # of 548,226: 58 %; 1,262,628 / 167,487
    ("AXSM", "2025-11-28", 325_272, WHOLE, -128_410 - 74_752 + 102_208, "12.88"),  # 49 %; 1,301,088 / 100,954
    ("RIGL", "2023-12-29", 45_414 + 16_937, WHOLE, -73_758 + 497 + 51_849, "11.64"),  # 249,404 / 21,412
    ("RIGL", "2024-09-30", 36_053 + 13_049, WHOLE, -5_743 - 4_711 - 1_856, "15.95"),  # 196,408 / 12,310
    ("RIGL", "2025-11-28", 48_534 + 88_609, WHOLE, 31_471 + 53_675 - 16_968, None),
    ("IONS", "2023-12-29", 352_060 + 1_883_522, WHOLE, -274_370 - 340_378 + 74_175, "16.54"),  # 8,942,328 / 540,573
    ("IONS", "2024-09-30", 293_993 + 1_784_693, WHOLE, -307_513 - 269_818 + 231_356, "24.03"),  # 8,314,744 / 345,975
    ("IONS", "2025-11-28", 338_341 + 1_901_830, WHOLE, -500_947 - 130_874 + 384_808, "36.27"),  # 8,960,684 / 247,013
    ("INSM", "2023-12-29", 487_113 + 298_838, WHOLE, -400_439 - 405_428 + 297_290, "6.18"),  # 3,143,804 / 508,577
    ("INSM", "2024-09-30", 1_246_799 + 0, WHOLE, -536_247 - 306_987 + 269_095, "8.68"),  # 4,987,196 / 574,139
    ("INSM", "2025-11-28", 334_764 + 1_345_222, WHOLE, -683_882 - 687_418 + 487_903, "7.60"),  # 6,719,944 / 883,397
    ("RARE", "2023-12-29", 72_575, PART, -380_465 - 390_902 + 290_123, None),  # of 1,238,140: 6 %
    ("RARE", "2024-09-30", 480_693, PART, -474_806 - 267_690 + 273_028, None),  # of 1,618,437: 30 %
    ("RARE", "2025-11-28", 202_510, PART, -414_188 - 366_171 + 334_685, None),  # of 1,190,445: 17 %
    ("KURA", "2023-12-29", 28_740, PART, -110_062 - 90_516 + 83_532, None),  # of 473,771: 6 %
    ("KURA", "2024-09-30", 45_183, PART, -124_824 - 91_374 + 61_489, None),  # of 515,116: 9 %
    ("KURA", "2025-11-28", 95_287, PART, 134_317 - 181_331 + 134_814, None),  # of 649,381: 15 %
    ("XENE", "2023-12-29", 99_574 + 427_100, WHOLE, -98_430 - 109_862 + 65_698, "14.77"),  # 2,106,696 / 142,594
    ("XENE", "2024-09-30", 136_734 + 584_801, WHOLE, -145_327 - 75_857 + 67_632, "18.79"),  # 2,886,140 / 153,552
    ("XENE", "2025-11-28", 104_514 + 357_754, WHOLE, -181_389 - 197_637 + 127_004, "7.33"),  # 1,849,072 / 252,022
    ("PRTA", "2023-12-29", 670_897, WHOLE, -108_821 - 82_868 + 103_845, "30.54"),  # 90 %; 2,683,588 / 87,844
    ("PRTA", "2024-09-30", 564_124, WHOLE, -133_906 - 57_092 + 92_385, "22.88"),  # of 645,565: 87 %; 2,256,496 / 98,613
    ("PRTA", "2025-11-28", 330_843, WHOLE, -150_050 - 140_268 + 102_278, "7.03"),  # 94 %; 1,323,372 / 188,040
    ("ARCT", "2023-12-29", 311_918, WHOLE, 31_993 - 17_470 + 128_266, None),  # of 457,650: 68 %
    ("ARCT", "2024-09-30", 260_329, WHOLE, -18_099 - 35_699 - 14_936, "15.14"),  # of 388,608: 67 %; 1,041,316 / 68,734
    ("ARCT", "2025-11-28", 180_360, WHOLE, -59_747 - 58_044 + 59_463, "12.36"),  # of 282,343: 64 %; 721,440 / 58,328
    ("PTGX", "2023-12-29", 230_527 + 90_224, WHOLE, -108_137 - 87_196 + 76_502, "10.79"),  # 1,283,004 / 118,831
    ("PTGX", "2024-09-30", 355_643 + 208_354, WHOLE, -70_236 + 241_193 + 60_585, None),
    ("PTGX", "2025-11-28", 113_713 + 462_404, WHOLE, 184_152 + 94_646 - 213_330, None),
    ("RXRX", "2023-12-29", 387_322, WHOLE, -83_524 - 213_703 + 38_776, "5.99"),  # of 630,825: 61 %; 1,549,288 / 258,451
    ("RXRX", "2024-09-30", 474_341, WHOLE, -287_780 - 184_519 + 140_783, "5.72"),  # 61 %; 1,897,364 / 331,516
    ("RXRX", "2025-11-28", 659_836, WHOLE, -359_174 - 325_735 + 243_744, "5.98"),  # 47 %; 2,639,344 / 441,165
    ("VERA", "2023-12-29", 27_441 + 132_498, WHOLE, -67_596 - 67_037 + 46_434, "7.25"),  # 639,756 / 88,199
    ("VERA", "2024-09-30", 25_085 + 359_302, WHOLE, -92_181 - 58_612 + 44_064, "14.40"),  # 1,537,548 / 106,729
    ("VERA", "2025-11-28", 57_773 + 439_616, WHOLE, -134_679 - 171_110 + 95_497, "9.46"),  # 1,989,556 / 210,292
]  # fmt: skip

# Phases, status, start, primary completion, completion, last update posted; a month as it is written.
TRIALS = [
    ("NCT00002297", "NA", "COMPLETED", None, None, None, "2005-06-24"),
    ("NCT00439621", "PHASE2", "COMPLETED", "2007-02", "2008-03", "2008-08", "2008-08-18"),
    ("NCT00813748", "", "COMPLETED", "2009-03", "2014-01", "2014-01", "2017-07-11"),
    ("NCT01490411", "PHASE2", "COMPLETED", "2010-10", "2011-04", "2011-09", "2014-01-24"),
    ("NCT01544348", "PHASE1", "COMPLETED", "2012-01", "2013-06", "2013-06", "2014-12-30"),
    ("NCT02345278", "PHASE1|PHASE2", "COMPLETED", "2015-05", "2015-11", "2015-11", "2015-12-02"),
    ("NCT02628535", "PHASE1", "TERMINATED", "2015-09", "2019-11-25", "2019-11-25", "2022-02-08"),
    ("NCT04543617", "PHASE3", "ACTIVE_NOT_RECRUITING", "2020-09-28", "2027-03-31", "2027-03-31", "2026-01-20"),
    ("NCT04561128", "PHASE1", "COMPLETED", "2020-11-01", "2022-03-07", "2022-03-07", "2022-07-12"),
    ("NCT05007782", "PHASE1", "RECRUITING", "2021-08-18", "2028-12", "2028-12", "2025-12-29"),
    ("NCT05816382", "PHASE2|PHASE3", "RECRUITING", "2023-04-05", "2026-12-31", "2026-12-31", "2023-06-09"),
    ("NCT06644495", "", "NOT_YET_RECRUITING", "2024-12", "2027-04-30", "2027-04-30", "2024-10-16"),
    ("NCT07424547", "PHASE1", "RECRUITING", "2026-02-03", "2029-12", "2030-04", "2026-02-23"),
    ("NCT00079937", "PHASE3", "COMPLETED", "2004-04", "2008-03", "2008-03", "2012-04-11"),
    ("NCT00244114", "", "COMPLETED", "2006-02", "2009-12", "2009-12", "2013-02-18"),
    ("NCT00425061", "PHASE2", "COMPLETED", "2007-02", "2008-08", "2008-08", "2015-01-14"),
    ("NCT01033344", "PHASE2", "COMPLETED", "2010-01", "2010-09", "2010-09", "2010-10-01"),
    ("NCT01618318", "", "COMPLETED", "2012-06", "2013-10", "2013-10", "2013-12-05"),
    ("NCT02146781", "PHASE1", "COMPLETED", "2014-06", "2015-03", "2015-03", "2015-03-25"),
    ("NCT02982941", "PHASE1", "COMPLETED", "2016-12", "2019-05-22", "2019-05-22", "2022-02-08"),
    ("NCT03463135", "PHASE1", "COMPLETED", "2018-05-07", "2019-05-08", "2020-03-10", "2022-04-25"),
    ("NCT03870841", "PHASE2", "TERMINATED", "2019-04-03", "2020-06-01", "2020-06-01", "2021-07-16"),
    ("NCT04137562", "PHASE2", "ACTIVE_NOT_RECRUITING", "2019-12-11", "2023-01-26", "2027-10-31", "2024-03-15"),
    ("NCT04401631", "", "WITHDRAWN", "2020-11", "2020-11", "2020-12", "2020-10-05"),
    ("NCT04732494", "PHASE2", "COMPLETED", "2021-03-31", "2023-02-01", "2023-12-26", "2025-01-31"),
]


def read(source: object, *paths: Path, **asked: object) -> Outcome:
    return source.run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_figures_of_a_dozen_companies_on_three_days_each(shared_data):
    tickers = {ticker for ticker, *_ in FIGURES}
    read(
        universe, shared_data / "universe" / "companies.csv", shared_data / "universe" / "financial_facts.csv.gz",
        companies=frozenset(tickers),
    )  # fmt: skip
    facts = {
        ticker: [Fact(*row) for row in FinancialFact.objects.filter(company__ticker=ticker).values_list(*FIELDS)]
        for ticker in tickers
    }
    found = []
    for ticker, day, *_ in FIGURES:
        seen = figures(facts[ticker], dt.date.fromisoformat(day))
        liquid, burn, runway = seen.liquid_funds, seen.quarterly_burn, seen.runway_quarters
        found.append((
            ticker, day, liquid and liquid.value / 1000, seen.liquidity_complete, burn and burn.value * -4 / 1000,
            runway,
        ))  # fmt: skip
    assert found == [(*others, runway and Decimal(runway)) for *others, runway in FIGURES]


@pytest.mark.parametrize(("nct_id", "phase", "status", "start", "primary", "completion", "version"), TRIALS)
def test_trial_reads_as_the_registry_shows_it(shared_data, nct_id, phase, status, start, primary, completion, version):
    path = shared_data / "clinicaltrials" / f"{nct_id}.json"
    (study,) = parse(path.read_bytes(), path.name, today=dt.date(2026, 11, 23))
    assert isinstance(study, Study)
    assert (study.nct_id, study.phase, study.status) == (nct_id, phase, status)
    dates = [as_written(found) for found in (study.start, study.primary_completion, study.completion)]
    assert dates == [start, primary, completion]
    assert study.version == dt.date.fromisoformat(version)


def as_written(found: PartialDate | None) -> str | None:
    if found is None:
        return None
    is_last_day = (found.day + dt.timedelta(days=1)).day == 1
    assert is_last_day or not found.by_month
    return found.day.isoformat()[: 7 if found.by_month else 10]


@pytest.mark.django_db
@pytest.mark.parametrize(("application", "last_day", "label"), [
    # The latest of the application's rows in patent.txt and exclusivity.txt, delisted patents left out.
    ("NDA022291", "2028-02-01", "patent 8828430*PED"),  # six months after the patent's own 2027-08-01
    ("NDA020610", "2027-02-24", "*PED"),
    ("NDA022497", "2027-06-25", "patent 7674479"),
    ("NDA021976", "2027-06-26", "patent 7700645*PED"),
    ("NDA202155", "2031-02-24", "patent 9326945"),
    ("NDA213969", "2027-11-20", "exclusivity ODE-324"),  # its last patent ends on 2024-10-17
    ("NDA202324", "2037-01-12", "patent 10869924"),
    ("NDA021825", "2028-04-30", "exclusivity ODE-421"),  # one of three on that day
    ("NDA208603", "2033-07-01", "patent 9549899"),
    ("NDA209449", "2035-01-05", "patent 10328029"),
    ("NDA210797", "2029-03-11", "patent 8334265"),
    ("NDA213217", "2043-01-19", "patent 11911386"),
    ("NDA215596", "2032-01-04", "patent 11684632"),
    ("NDA204630", "2027-01-08", "exclusivity M-303"),
    ("NDA205552", "2035-04-24", "*PED"),
    ("NDA211673", "2029-08-19", "exclusivity GAIN"),
    ("NDA208684", "2026-06-07", "exclusivity ODE-252"),
    ("NDA022088", "2032-11-10", "*PED"),
    ("NDA208799", "2041-08-22", "patent 11266796*PED"),
    ("NDA203284", "2030-09-22", "patent 9999608"),  # patent 8404215, to 2032-03-09, is delisted
])  # fmt: skip
def test_last_protected_day_of_a_drug(shared_data, application, last_day, label):
    candidate = DrugCandidateFactory(
        phase="approved", additional_data={"applications": [application]},
        field_sources={"patent_expiry": {"source": "starter"}},
    )  # fmt: skip
    read(orangebook, shared_data / "fda" / "orangebook")
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date.fromisoformat(last_day)
    assert candidate.field_sources["patent_expiry"]["id"].endswith(label)
