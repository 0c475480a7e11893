"""The last protected day of approved products, from the Orange Book; original approval days, from Drugs@FDA."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path


@dataclass(frozen=True)
class Protection:
    """One patent or exclusivity of an application: what it is, and its last day."""

    application: str
    label: str
    expires: date


def orange_book(folder: Path) -> dict[str, list[Protection]]:
    """Return the protections by application (`NDA217785`); `*PED` rows carry the six paediatric months already.

    Source: FDA Orange Book data files (`~` delimited; CRLF or LF), delisted patents left out.
    """
    found: dict[str, list[Protection]] = defaultdict(list)
    for path in sorted(folder.glob("*.txt")):
        for row in csv.DictReader(path.read_text(encoding="latin-1").splitlines(), delimiter="~"):
            application = f"{'BLA' if row['Appl_Type'] == 'B' else 'NDA'}{row['Appl_No']}"
            if "Patent_No" in row:
                if row.get("Delist_Flag", "").strip() != "Y":
                    found[application].append(
                        Protection(application, f"patent {row['Patent_No']}", _day(row["Patent_Expire_Date_Text"]))
                    )
            else:
                found[application].append(
                    Protection(application, f"exclusivity {row['Exclusivity_Code']}", _day(row["Exclusivity_Date"]))
                )
    return found


def _day(text: str) -> date:
    return datetime.strptime(text.strip(), "%b %d, %Y").date()


@dataclass(frozen=True)
class Original:
    """An original approval: application, day, product name and the source that says so."""

    application: str
    approved: date
    name: str
    sponsor: str
    source: str


def originals(folder: Path) -> dict[str, Original]:
    """Return the original approvals of Drugs@FDA by application: the 2019 data files, then the 2021 lists."""
    found = {original.application: original for original in _monthly_lists(folder)}
    for path in sorted(folder.glob("drugsatfda_*.zip")):
        found |= {original.application: original for original in _data_files(path)}
    return found


def _data_files(path: Path) -> Iterator[Original]:
    with zipfile.ZipFile(path) as archive:

        def table(name: str) -> Iterator[dict[str, str]]:
            text = io.TextIOWrapper(archive.open(f"{name}.txt"), encoding="latin-1", newline="")
            return csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)

        kinds = {row["ApplNo"]: (row["ApplType"], row["SponsorName"]) for row in table("Applications")}
        names = {row["ApplNo"]: row["DrugName"] for row in table("Products")}
        for row in table("Submissions"):
            kind, sponsor = kinds.get(row["ApplNo"], ("", ""))
            if row["SubmissionType"] != "ORIG" or row["SubmissionStatus"] != "AP" or kind not in ("NDA", "BLA"):
                continue
            if row["SubmissionNo"] == "1" and row["SubmissionStatusDate"]:
                approved = date.fromisoformat(row["SubmissionStatusDate"][:10])
                application, name = f"{kind}{row['ApplNo']}", names.get(row["ApplNo"], "")
                yield Original(application, approved, name, sponsor.strip(), path.name)


# The kind is padded to six characters, which tells VOCABRIA + `NDA   ` from a copy called VOCABRI + `ANDA  `.
LISTED = re.compile(r"(?P<name>.*?)\s*(?P<kind>ANDA {2}|NDA {3}|BLA {3})#(?P<number>\d{6})")


def _monthly_lists(folder: Path) -> Iterator[Original]:
    for path in sorted(folder.glob("approvals_*.csv")):
        for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()):
            match = LISTED.fullmatch(row["Drug Name"])
            if match is None or match["kind"].startswith("ANDA"):
                continue
            if row["Submission"] == "ORIG-1" and row["Submission Status"] == "Approval":
                approved = datetime.strptime(row["Approval Date"], "%m/%d/%Y").date()
                application = f"{match['kind'].strip()}{match['number']}"
                yield Original(application, approved, match["name"], row["Company"], path.name)
