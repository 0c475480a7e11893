"""Files of a wrong kind, over every source: each is a reject with its reason, and the good ones beside it go in."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from companies.models import Company
from signals_app.ingest.base import SOURCES, IngestError, Outcome, ParseError, Request, source
from signals_app.ingest.files import Document, documents
from signals_app.models import Signal
from tests.factories import CompanyFactory
from tests.signals_app import test_edgar_index as index_lines
from tests.signals_app import test_edgar_ownership as ownership_lines
from tests.signals_app import test_edgar_submissions as submissions_lines

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"
TICKERS = {"0": {"cik_str": 9000001, "ticker": "TBIO", "title": "Testbio, Inc."}}
EVENT = "cik,signal_type,event_date,title\n9000001,clinical_hold,2024-05-01,Hold on TB-1\n"
DEAL = "target,ticker,cik,acquirer,announced,status\nTestbio,TBIO,9000001,Big Pharma,2024-05-01,completed\n"
PRICE = "ticker,date,close,shares\nTBIO,2024-05-01,10.5,1000000\n"


def shipped(name: str) -> Callable[[], bytes]:
    return (DATA / name).read_bytes


# Name of the source -> name of a good file, and its content.
GOOD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "clinicaltrials": ("page.json", shipped("clinicaltrials/page.json")),
    "deals": ("deals.csv", DEAL.encode),
    "drugsfda": ("approvals.csv", shipped("fda/approvals_2026_jan.csv")),
    "edgar-documents": ("target_8k.txt", shipped("edgar/target_8k.txt")),
    "edgar-facts": ("CIK0009000001.json", shipped("companyfacts/CIK0009000001.json")),
    "edgar-fsds": ("sub.txt", shipped("fsds/sub.txt")),
    "edgar-index": ("company.idx", lambda: "".join(index_lines.fixed(index_lines.ROW)).encode()),
    "edgar-ownership": ("form4.xml", lambda: ownership_lines.form(ownership_lines.line())),
    "edgar-submissions": ("CIK0009000001.json", lambda: submissions_lines.file_of(submissions_lines.ROW)),
    "edgar-tickers": ("company_tickers.json", json.dumps(TICKERS).encode),
    "events": ("events.csv", EVENT.encode),
    "orangebook": ("patent.txt", shipped("fda/patent.txt")),
    "prices": ("prices.csv", PRICE.encode),
    "universe": ("companies.csv", shipped("universe/companies.csv")),
}
SOME = "edgar-submissions"


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def run(name: str, *paths: Path) -> Outcome:
    return source(name)(Request(paths), lambda step: None)


def counts(outcome: Outcome) -> tuple[int, ...]:
    return outcome.created, outcome.updated, outcome.unchanged, outcome.skipped


def reasons(outcome: Outcome) -> dict[str, str]:
    return {reject.file: reject.reason for reject in outcome.rejects}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with one good file of the source SOME, and its company."""
    name, content = GOOD[SOME]
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / name).write_bytes(content())
    CompanyFactory(ticker="TBIO", cik="0009000001")
    return folder


def test_every_source_is_tried() -> None:
    assert GOOD.keys() == SOURCES.keys()


@pytest.mark.parametrize("name", sorted(GOOD))
def test_bad_files_are_rejected_by_name_and_the_good_one_goes_in(name: str, tmp_path: Path) -> None:
    file, content = GOOD[name]
    stem, ending = file.rsplit(".", 1)
    data = content()
    CompanyFactory(ticker="TBIO", cik="0009000001")
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    (good / file).write_bytes(data)
    wrong = {
        "a_empty": (b"", "is empty"),
        "b_page": (b"\n<!DOCTYPE html><html><title>No</title></html>", "is a web page"),
        "c_picture": (b"\x89PNG\r\n\x1a\n\x00\x01", "is a picture"),
        "d_pdf": (b"%PDF-1.7\n", "is a PDF"),
        "e_utf16": (data.decode("utf-8", "replace").encode("utf-16"), "is UTF-16: save it as UTF-8"),
        "f_xz": (b"\xfd7zXZ\x00\x00", "is packed with xz: unpack it first"),
    }
    expected = {}
    for label, (raw, reason) in wrong.items():
        (bad / f"{stem}_{label}.{ending}").write_bytes(raw)
        expected[f"{stem}_{label}.{ending}"] = reason
    os.mkfifo(bad / f"{stem}_g.{ending}")
    expected[f"{stem}_g.{ending}"] = "is no regular file but a pipe, a socket or a device"
    (bad / f"{stem}_h.{ending}").symlink_to(tmp_path / "nowhere")
    expected[f"{stem}_h.{ending}"] = "is a broken link"
    (bad / "i.zip").write_bytes(zipped((f"../{file}", data), ("readme.md", b"x"), ("inner.zip", zipped((file, data)))))
    expected[f"i.zip:../{file}"] = "its path climbs out of the archive"
    expected["i.zip:inner.zip"] = "is a zip inside a zip: unpack the outer one first"
    (bad / "j.zip").write_bytes(b"PK\x03\x04 and no more")
    expected["j.zip"] = "is no readable zip (File is not a zip file)"

    with pytest.raises(IngestError, match="nothing could be read: "):
        run(name, bad)
    assert not Signal.objects.exists()
    outcome = run(name, good, bad, tmp_path / "nowhere")
    found = reasons(outcome)
    # Some of the good files have faulty rows of their own.
    assert {key: why for key, why in found.items() if key != file} == {
        **expected, str(tmp_path / "nowhere"): "no such file or folder",
    }  # fmt: skip
    again = run(name, good)
    assert (again.created, again.updated) == (0, 0)
    assert (again.read, again.rejected) == (outcome.read - 12, outcome.rejected - 12)
    assert again.read > again.rejected


def test_zip_that_unpacks_to_a_bomb_is_not_unpacked(good: Path) -> None:
    (good / "bomb.zip").write_bytes(zipped(("CIK0009000002.json", b"0" * 3_000_000)))
    (good / "CIK0009000003.json.gz").write_bytes(gzip.compress(b"0" * 3_000_000))
    outcome = run(SOME, good)
    assert outcome.created == 1
    assert "unpacks to more than 200 times its size" in reasons(outcome)["bomb.zip:CIK0009000002.json"]
    assert "unpacks to more than 200 times its size" in reasons(outcome)["CIK0009000003.json.gz"]


def test_encrypted_and_damaged_members_are_rejected(good: Path) -> None:
    locked, damaged = (bytearray(zipped(("CIK0009000002.json", b"{" + b"0123456789" * 30))) for _ in range(2))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(mark) + offset] |= 1
    damaged[damaged.find(b".json") + 5 + 4] ^= 0xFF
    (good / "locked.zip").write_bytes(locked)
    (good / "damaged.zip").write_bytes(damaged)
    outcome = run(SOME, good)
    assert outcome.created == 1
    assert reasons(outcome)["locked.zip:CIK0009000002.json"] == "is encrypted"
    assert "ends early or is damaged" in reasons(outcome)["damaged.zip:CIK0009000002.json"]


@pytest.mark.parametrize("packing", ["gz", "zip", "zip without its name", "zip in capitals", "folder", "folders"])
def test_packed_and_nested_files_are_read_like_plain_ones(packing: str, good: Path, tmp_path: Path) -> None:
    name, content = GOOD[SOME]
    place = tmp_path / "given"
    place.mkdir()
    written = {
        "gz": (f"{name}.gz", gzip.compress(content())),
        "zip": ("x.zip", zipped((f"a/b/{name}", content()))),
        "zip without its name": ("download.json", zipped((name, content()))),
        "zip in capitals": ("X.ZIP", zipped((name, content()))),
        "folder": (name, content()),
        "folders": (f"2024/q1/{name}", content()),
    }
    path, data = written[packing]
    (place / path).parent.mkdir(parents=True, exist_ok=True)
    (place / path).write_bytes(data)
    assert counts(run(SOME, place))[0] == 1


def test_folders_that_lead_in_a_circle_end(good: Path) -> None:
    (good / "sub").mkdir()
    (good / "sub" / "back").symlink_to(good)
    (good / "sub" / ".hidden.json").write_bytes(b"x")
    assert run(SOME, good).rejects == []


def test_folder_that_may_not_be_read_is_a_reject(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (good / "locked").mkdir()
    (good / "CIK0009000009.json").write_bytes(b"{}")
    plain_open, plain_iterdir = Path.open, Path.iterdir

    def refusing_open(path: Path, *arguments: str) -> object:
        if path.name == "CIK0009000009.json":
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *arguments)

    def refusing_iterdir(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return plain_iterdir(path)

    monkeypatch.setattr(Path, "open", refusing_open)
    monkeypatch.setattr(Path, "iterdir", refusing_iterdir)
    outcome = run(SOME, good)
    assert outcome.created == 1
    assert reasons(outcome) == dict.fromkeys(("CIK0009000009.json", "locked"), "may not be read by this user")


def test_member_is_read_after_its_zip_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(("a.txt", b"one\n"), ("b.txt", b"two\n")))
    found = [one for one in documents([path], lambda name: True) if isinstance(one, Document)]
    assert [one.read() for one in found] == [b"one\n", b"two\n"]


def test_data_set_without_figures_brings_its_companies(tmp_path: Path) -> None:
    (tmp_path / "2024q1.zip").write_bytes(zipped(("sub.txt", (DATA / "fsds/sub.txt").read_bytes())))
    assert run("edgar-fsds", tmp_path).created == Company.objects.count() > 0


def test_data_sets_of_several_folders_are_kept_apart(tmp_path: Path) -> None:
    for quarter in ("2024q1", "2024q2"):
        (tmp_path / quarter).mkdir()
        for table in ("sub.txt", "num.txt"):
            (tmp_path / quarter / table).write_bytes((DATA / "fsds" / table).read_bytes())
    os.mkfifo(tmp_path / "2024q1" / "sub2.txt")
    both = run("edgar-fsds", tmp_path)
    assert [str(reject) for reject in both.rejects if "num.txt" in reject.file and reject.line is None] == []
    alone = run("edgar-fsds", tmp_path / "2024q2")
    assert (alone.created, alone.updated) == (0, 0)
    assert both.read == 2 * alone.read + 1


def test_endless_line_is_one_reject(tmp_path: Path) -> None:
    CompanyFactory(cik="0009000001")
    lines = index_lines.fixed(index_lines.ROW)
    (tmp_path / "company.idx").write_text("".join([*lines, "\n", "x" * 1_000_000, "\n", lines[-1]]))
    outcome = run("edgar-index", tmp_path)
    assert [(reject.line, reject.reason) for reject in outcome.rejects] == [(6, "longer than 2000 characters")]
    assert outcome.read == 3


def test_submission_that_ends_in_its_header_is_rejected(tmp_path: Path) -> None:
    text = (DATA / "edgar/target_8k.txt").read_text()
    (tmp_path / "a.txt").write_text(text[: text.index("<DOCUMENT>")])
    with pytest.raises(IngestError, match=r"a\.txt: ends before its first document"):
        run("edgar-documents", tmp_path)


def test_list_of_studies_is_read_like_a_page(tmp_path: Path) -> None:
    studies = json.loads((DATA / "clinicaltrials/page.json").read_bytes())["studies"]
    (tmp_path / "ctg-studies.json").write_text(json.dumps(studies))
    assert run("clinicaltrials", tmp_path).read == len(studies)


def test_fault_of_json_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "CIK0009000001.json").write_bytes(b'{\n"cik": 1,\n"facts": \xff}')
    (tmp_path / "CIK0009000002.json").write_bytes(b'{\n"cik": 1,\n"facts": NaN}')
    (tmp_path / "CIK0009000003.json").write_bytes(b'{\n"cik": 1,\n"facts": {')
    found = []
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(IngestError) as caught:
            run("edgar-facts", path)
        found.append(str(caught.value).split("json")[1])
    assert found == [", line 3: is not UTF-8", ": is no JSON or is cut off", ", line 3: is no JSON or is cut off"]


def test_reject_names_file_line_and_reason() -> None:
    assert str(ParseError("a.csv", 7, "is wrong")) == "a.csv, line 7: is wrong"


@pytest.mark.parametrize("name", ["deals", "events", "prices"])
def test_file_with_semicolons_is_refused_for_its_decimal_commas(tmp_path: Path, name: str) -> None:
    file, content = GOOD[name]
    (tmp_path / file).write_bytes(content().replace(b",", b";"))
    with pytest.raises(IngestError, match="is separated by semicolons: save the file with commas"):
        run(name, tmp_path)
