"""How long each page of the admin takes on a filled database, and how much longer on ten times the signals and scores.

    BIOTECH_MA_DATA_DIR=/filled uv run python -m tests.bench.admin_pages [--grown /filled/ten/times] [--rounds 7]

Both are asked in turn, page by page, so that what else the machine does falls on both. A page is asked in the process,
by Django's test client, as an administrator who is made for this and taken away again; an export counts to its first
bytes. Refuses a database that `fill` has not filled.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

ROUNDS = 7
NAME = "bench of the admin"
HTTP_OK = 200


def addresses() -> dict[str, str]:
    """Return every page by its name: the first page, all lists, and the pages of the company with most scores."""
    from django.contrib.admin import site
    from django.urls import reverse

    from companies.models import Company
    from scoring.models import AcquirerMatch, MAScore
    from signals_app.models import Signal

    def page(model: Any, name: str, *args: Any) -> str:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)

    if not Company.objects.filter(name__startswith="Generated company ").exists():
        sys.exit("This database is not a filled one: see tests.bench.fill.")
    found = {"first page": reverse("admin:index")}
    for model in sorted(site._registry, key=lambda each: each._meta.label):
        found[f"list of {model._meta.verbose_name_plural}"] = page(model, "changelist")
    score = MAScore.objects.filter(is_latest=True).order_by("-total_score").select_related("company").first()
    signal = Signal.objects.order_by("-event_date").first()
    match = AcquirerMatch.objects.first()
    assert score is not None
    assert signal is not None
    company, signals, scores = score.company, page(Signal, "changelist"), page(MAScore, "changelist")
    found |= {
        "company": page(Company, "view", company.pk),
        "company's form": page(Company, "change", company.pk),
        "company's history": page(Company, "history", company.pk),
        "companies, by their score": page(Company, "changelist") + "?o=-7",
        "companies with a word in the name": page(Company, "changelist") + "?q=generated",
        "score": page(MAScore, "change", score.pk),
        "signal": page(Signal, "change", signal.pk),
        "signals of a company": f"{signals}?company__id__exact={company.pk}",
        "signals of a type and severity": f"{signals}?signal_type__exact=partnership&severity__exact=high",
        "signals with a word in the title": f"{signals}?q=phase",
        "scores, latest": f"{scores}?day=latest",
        "scores of every day": f"{scores}?day=all",
        "palette": reverse("admin:search") + "?s=generated",
        "export of a company's signals": f"{page(Signal, 'export')}?company__id__exact={company.pk}&export=csv",
        "export of the latest scores": page(MAScore, "export") + "?day=latest&export=csv",
    }
    return found | ({"match": page(AcquirerMatch, "change", match.pk)} if match else {})


def answer() -> None:
    """Read names of pages from stdin, and write for each what it took: milliseconds, queries, status."""
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, setup_test_environment

    setup_test_environment(debug=False)
    pages = addresses()
    User.objects.filter(username=NAME).delete()
    user = User.objects.create_superuser(NAME)
    try:
        browser = Client()
        browser.force_login(user)

        def ask(address: str) -> int:
            response = browser.get(address)
            if response.streaming:
                next(iter(response.streaming_content))
            response.close()
            return int(response.status_code)

        print(json.dumps(list(pages)), flush=True)
        for line in sys.stdin:
            address = pages[line.strip()]
            started, processor = time.perf_counter(), time.process_time()
            status = ask(address)
            took = [(time.perf_counter() - started) * 1000, (time.process_time() - processor) * 1000]
            with CaptureQueriesContext(connection) as queries:
                ask(address)
            print(json.dumps([*took, len(queries), status]), flush=True)
    finally:
        user.delete()


@contextmanager
def desk(folder: str) -> Iterator[Any]:
    """Yield a function that asks for a page of the desk in this folder, and the names of its pages."""
    environment = {**os.environ, "BIOTECH_MA_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "biotech_ma.settings"}
    command = [sys.executable, "-m", "tests.bench.admin_pages", "--answer"]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(name: str) -> list[Any]:
            process.stdin.write(f"{name}\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return list(json.loads(process.stdout.readline()))  # type: ignore[union-attr]

        yield ask, json.loads(process.stdout.readline())
        with suppress(BrokenPipeError):
            process.stdin.close()


def main() -> None:
    """Print a table: each page's queries, its best and its median, and what ten times the rows make of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--grown", metavar="FOLDER", help="the folder of a database with ten times the rows")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", metavar="WORD", help="pages with this word in their name")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer()
        return
    here = os.environ["BIOTECH_MA_DATA_DIR"]
    with desk(here) as (ask, names), desk(options.grown or here) as (ask_grown, _):
        print("| page | queries | best, ms | median, ms | web process, ms | grown, best, ms | times |")
        print("|---|---|---|---|---|---|---|")
        for name in names:
            if options.only in name:
                print(_line(name, ask, ask_grown, options.rounds), flush=True)


def _line(name: str, ask: Any, ask_grown: Any, rounds: int) -> str:
    ask(name), ask_grown(name)  # what a process asks once
    pairs = [(ask(name), ask_grown(name)) for _round in range(rounds)]
    times, processor = [one[0] for one, _ in pairs], min(one[1] for one, _ in pairs)
    best, grown = min(times), min(ten[0] for _, ten in pairs)
    assert {one[3] for one, _ in pairs} == {HTTP_OK}, name
    figures = f"{best:.0f} | {statistics.median(times):.0f} | {processor:.0f} | {grown:.0f} | {grown / best:.2f}"
    return f"| {name} | {pairs[0][0][2]} | {figures} |"


if __name__ == "__main__":
    main()
