"""The acquirers of the starter data set: who they are, what they own, that names in deals lead to them."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from companies import starter
from companies.choices import Role
from companies.models import Company, CompanyAlias, DrugCandidate
from companies.services import archive_company
from companies.starter.acquirers import acquirers, sponsors
from companies.starter.build.acquirers import check_applications
from companies.starter.build.protection import originals
from signals_app.ingest.names import in_any_order, normalised
from signals_app.ingest.sponsors import Sponsors
from signals_app.ingest.starter import load_starter

ACQUIRERS = {row["company"]: row for row in starter.rows(starter.COMPANIES) if row["role"] == Role.ACQUIRER}
CANDIDATES = list(starter.rows(starter.CANDIDATES))

# The acquirers of the deals of 2006 to 2022 that are none of the data set's: no drug makers, taken over since (their
# deals are not their buyers'), in insolvency, or targets and royalty holders themselves.
OTHERS = frozenset(
    {
        "Abbott Laboratories", "Actavis plc", "Alexion Pharmaceuticals, Inc.", "Allergan plc",
        "Arbor Pharmaceuticals, Inc.", "Axcan Holdings Inc.", "Catalent, Inc.", "Celgene Corporation",
        "Collegium Pharmaceuticals Inc.", "Cubist Pharmaceuticals, Inc.", "Endo International plc",
        "Endo Pharmaceuticals Holdings Inc.", "Forest Laboratories, Inc.", "Galenica AG", "Genzyme Corporation",
        "Gull-Unity Holding Corp.", "Hologic, Inc.", "Horizon Pharma plc", "Horizon Therapeutics plc",
        "Innoviva, Inc.", "Ionis Pharmaceuticals, Inc.", "King Pharmaceuticals, Inc.", "Koninklijke DSM N.V.",
        "Laboratory Corporation of America Holdings", "Ligand Pharmaceuticals Incorporated", "Mallinckrodt plc",
        "Mallinckrodt plc (Irish public limited company)", "MediciNova, Inc.", "MorphoSys AG",
        "Nichi-Iko Pharmaceutical Co., Ltd. (Japanese corporation)", "Plethico Pharmaceuticals Limited", "QIAGEN N.V.",
        "Ramius Value and Opportunity Advisors LLC", "Reckitt Benckiser Group plc", "Salix Pharmaceuticals, Ltd.",
        "Shire plc", "Smith & Nephew plc (English public limited company)", "Thermo Fisher Scientific Inc.",
        "Ultragenyx Pharmaceutical Inc.", "Virbac S.A.",
    }
)  # fmt: skip


def test_there_are_many_acquirers_of_every_kind_and_none_is_a_target() -> None:
    kinds = Counter(row["buyer_kind"] for row in ACQUIRERS.values())
    assert sum(kinds.values()) >= 74
    assert kinds["pharma"] >= 50
    assert kinds["biotech"] >= 15
    assert kinds["private_equity"] >= 4
    assert set(ACQUIRERS) == set(acquirers())
    assert {row["is_public"] for row in ACQUIRERS.values()} == {"true", "false"}


@pytest.mark.parametrize("key", ["boehringer-ingelheim", "servier", "chiesi", "menarini", "ew-healthcare"])
def test_unlisted_buyer_has_neither_ticker_nor_cik(key: str) -> None:
    row = ACQUIRERS[key]
    assert (row["ticker"], row["cik"], row["is_public"]) == ("", "", "false")


def test_headquarters_stand_only_beside_their_source() -> None:
    assert all(bool(row["headquarters"]) == bool(row["headquarters_source"]) for row in ACQUIRERS.values())
    assert sum(1 for row in ACQUIRERS.values() if row["headquarters"]) >= 60


def test_registrants_are_those_of_the_sec(shared_data: Path) -> None:
    listed = json.loads((shared_data / "edgar" / "company_tickers.json").read_text())
    ciks = {entry["ticker"]: f"{entry['cik_str']:010d}" for entry in listed.values()}
    with (shared_data / "universe" / "companies.csv").open(encoding="utf-8", newline="") as lines:
        ciks |= {row["ticker"]: row["cik"] for row in csv.DictReader(lines)}
    with_ticker = {key: row for key, row in ACQUIRERS.items() if row["ticker"]}
    assert len(with_ticker) >= 40
    assert {key: row["cik"] for key, row in with_ticker.items()} == {
        key: ciks[row["ticker"]] for key, row in with_ticker.items()
    }
    assert not [key for key, row in ACQUIRERS.items() if row["cik"] and not row["ticker"]]


def test_every_approved_drug_is_an_application_of_the_acquirer_in_drugs_at_fda(shared_data: Path) -> None:
    approvals = dict(_data_files(shared_data))
    checked = 0
    for row in CANDIDATES:
        if row["company"] not in ACQUIRERS:
            continue
        found = [approvals[application] for application in row["applications"].split() if application in approvals]
        assert not [sponsor for sponsor, _ in found if sponsor not in sponsors()[row["company"]]], row
        if found and len(found) == len(row["applications"].split()) and row["approved_on"]:
            assert row["approved_on"] == min(day for _, day in found), row
        checked += len(found)
    assert checked >= 450


def _data_files(shared_data: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield application, sponsor and day of original approval, read from the zip apart from the builder's code."""
    (path,) = (shared_data / "fda" / "drugsfda").glob("drugsatfda_*.zip")
    with zipfile.ZipFile(path) as archive:
        lines = {
            name: [line.split("\t") for line in archive.read(f"{name}.txt").decode("latin-1").splitlines()]
            for name in ("Applications", "Submissions")
        }
    header = lines["Applications"][0]
    number, kind, sponsor = (header.index(name) for name in ("ApplNo", "ApplType", "SponsorName"))
    holders = {line[number]: (line[kind], line[sponsor].strip()) for line in lines["Applications"][1:]}
    header = lines["Submissions"][0]
    columns = ("ApplNo", "SubmissionType", "SubmissionNo", "SubmissionStatus", "SubmissionStatusDate")
    number, form, order, status, day = (header.index(name) for name in columns)
    for line in lines["Submissions"][1:]:
        if (line[form], line[order].strip(), line[status].strip()) == ("ORIG", "1", "AP") and line[number] in holders:
            yield holders[line[number]][0] + line[number], (holders[line[number]][1], line[day][:10])


def test_builder_refuses_another_sponsors_application(shared_data: Path) -> None:
    known = originals(shared_data / "fda" / "drugsfda")
    check_applications([{"company": "MRK", "brand": "KEYTRUDA", "evidence": "BLA125514"}], known)
    with pytest.raises(ValueError, match="BRISTOL"):
        check_applications([{"company": "MRK", "brand": "OPDIVO", "evidence": "BLA125554"}], known)
    with pytest.raises(ValueError, match="not in Drugs@FDA"):
        check_applications([{"company": "MRK", "brand": "NONESUCH", "evidence": "NDA999999"}], known)


def test_drug_that_was_bought_is_no_approval_of_the_buyers() -> None:
    signals = {
        (row["company"], json.loads(row["signal_data"]).get("application_number"))
        for row in starter.rows(starter.SIGNALS)
    }
    # Pfizer's own; KRYSTEXXA was Savient's when FDA approved it, Amgen's since Horizon was bought.
    assert ("PFE", "NDA207103") in signals
    assert ("AMGN", "BLA125293") not in signals
    krystexxa = next(row for row in CANDIDATES if row["applications"] == "BLA125293")
    assert (krystexxa["approved_on"], krystexxa["owned_from"]) == ("2010-09-14", "2023-10-06")


def test_later_indication_has_no_day_of_approval() -> None:
    days = {
        row["indication"]: (row["approved_on"], row["later_indication"])
        for row in CANDIDATES
        if row["company"] == "MRK" and row["name"] == "pembrolizumab"
    }
    assert days["Melanoma"] == ("2014-09-04", "")
    assert days["Non-small cell lung cancer"] == ("", "true")


def test_every_other_acquirer_of_the_deals_leads_to_one_of_the_data_sets(shared_data: Path) -> None:
    with (shared_data / "deals" / "acquisitions_2006_2022.csv").open(encoding="utf-8", newline="") as lines:
        deals = [(row["acquirer"], row["announced"]) for row in csv.DictReader(lines)]
    assert len(deals) > 130
    assert {acquirer for acquirer, day in deals if not _led_to(acquirer, day)} == OTHERS
    assert not [acquirer for acquirer, day in deals if len(_led_to(acquirer, day)) > 1]


def _led_to(written: str, day: str) -> set[str]:
    """Return the acquirers to which a name led on a day."""
    wanted = in_any_order(normalised(written))
    found = {key for key, row in ACQUIRERS.items() if in_any_order(normalised(row["name"])) == wanted}
    return found | {
        row["company"]
        for row in starter.rows(starter.ALIASES)
        if in_any_order(normalised(row["alias"])) == wanted
        and row["valid_from"] <= day
        and day <= (row["valid_to"] or day)
    }


@pytest.mark.django_db
def test_acquirers_load_as_such_and_are_not_ranked() -> None:
    load_starter()
    assert Company.objects.filter(role=Role.ACQUIRER).count() == len(ACQUIRERS)
    assert not Company.objects.targets().filter(metadata__has_key="buyer_kind").exists()
    roche = Company.objects.get(name="Roche Holding AG")
    assert (roche.ticker, roche.cik, roche.is_public) == (None, None, True)
    assert roche.headquarters_location == "Basel, Switzerland"
    assert roche.therapeutic_areas[0] == "oncology"
    assert DrugCandidate.objects.filter(company=roche, phase="approved", name="ocrelizumab").count() == 2
    assert Company.objects.get(name="Boehringer Ingelheim").is_public is False
    assert Company.objects.get(name="EW Healthcare Partners").metadata["buyer_kind"] == "private_equity"
    assert Company.objects.get(ticker="GMAB").therapeutic_areas == ["oncology"]


@pytest.mark.django_db
def test_company_without_cik_is_found_again_whatever_analysts_call_it() -> None:
    load_starter()
    servier = Company.objects.get(name="Servier")
    servier.name = "Groupe Servier"
    servier.field_sources = {**servier.field_sources, "name": {"source": "curated"}}
    servier.save()
    archive_company(row=Company.objects.get(name="Chiesi Farmaceutici S.p.A."))
    aliases = CompanyAlias.objects.count()
    again = load_starter()
    assert (again.created, again.updated) == (0, 0)
    assert Company.objects.filter(role=Role.ACQUIRER).count() == len(ACQUIRERS) - 1
    assert Company.objects.get(pk=servier.pk).name == "Groupe Servier"
    assert CompanyAlias.objects.count() == aliases


@pytest.mark.django_db
def test_acquirer_that_an_analyst_entered_first_is_not_doubled() -> None:
    entered = Company.objects.create(name="UCB SA", role=Role.ACQUIRER)
    load_starter()
    assert Company.objects.filter(name__startswith="UCB").count() == 1
    entered.refresh_from_db()
    assert entered.metadata["origin"] == "ucb"
    assert entered.drug_candidates.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Roche Holding Ltd", "Roche Holding AG"),
        ("Hoffmann-La Roche Inc.", "Roche Holding AG"),
        ("Genentech, Inc.", "Roche Holding AG"),
        ("sanofi-aventis", "Sanofi"),
        ("GlaxoSmithKline plc", "GSK plc"),
        ("Merck Sharp & Dohme Corp.", "Merck & Co., Inc."),
        ("Merck KGaA", "Merck KGaA"),
        ("Dainippon Sumitomo Pharma Co., Ltd.", "Sumitomo Pharma Co., Ltd."),
        ("Valeant Pharmaceuticals International, Inc.", "Bausch Health Companies Inc."),
        ("Ginger Acquisition Inc.", "Gurnet Point Capital"),
    ],
)
def test_name_in_a_deal_leads_to_the_acquirer(written: str, name: str) -> None:
    load_starter()
    assert Sponsors.load().match(written).company == Company.objects.get(name=name)
