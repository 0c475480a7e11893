"""`uv run python -m tests.fuzz`: schemathesis, with all its checks and phases, against a quick start of its own.

Sets up a database in a temporary folder, serves it with one worker, and goes on with new seeds until so many cases were
made: `--cases 20000`. Prints what schemathesis prints, the cases of each round, and ends with status 1 on a violation.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.processes import ROOT

HERE = Path(__file__).parent
START_SECONDS = 60
# The examples and boundary values of the schema are the same in every round, so they are run once.
FIRST_PHASES, FURTHER_PHASES = "examples,coverage,fuzzing,stateful", "fuzzing,stateful"
GENERATED = re.compile(r"^\s+(\d+) generated", re.MULTILINE)


def main() -> int:
    """Run rounds until there are enough cases; return 1 when one of them found a violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="at least so many cases (default: 20000)")
    parser.add_argument("--examples", type=int, default=40, help="cases an operation and round (default: 40)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first round; each further one adds one")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="biotech-ma-fuzz-"))
    environment = {**os.environ, "BIOTECH_MA_DATA_DIR": str(folder), "DJANGO_LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_URL", None)
    try:
        return rounds(asked, environment, folder)
    finally:
        manage(environment, "db", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def rounds(asked: argparse.Namespace, environment: dict[str, str], folder: Path) -> int:
    """Return the worst status of the rounds."""
    manage(environment, "quickstart", "--no-serve", "--json")
    client = json.loads(manage(environment, "client", "create", "fuzz", "--scope", "admin", "--rate", "2000000000",
                               "--json"))  # fmt: skip
    port = free_port()
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4",
         "--port", str(port), "biotech_ma.wsgi:application"],
        cwd=ROOT, env=environment, stdout=log, stderr=log,
    )  # fmt: skip
    cases, worst, phases, seed = 0, 0, FIRST_PHASES, asked.seed
    try:
        wait_for(port)
        while cases < asked.cases:
            status, made = one_round(port, client, environment, phases=phases, examples=asked.examples, seed=seed)
            cases, worst = cases + made, max(worst, status)
            print(
                f"== seed {seed}: {made} cases, {cases} of {asked.cases}; schemathesis ended with {status}", flush=True
            )
            if not made:
                break
            phases, seed = FURTHER_PHASES, seed + 1
    finally:
        server.terminate()
        server.wait(30)
        log.close()
    print((folder / "server.log").read_text(errors="replace")[-20_000:])
    return worst


def one_round(
    port: int, client: dict[str, Any], environment: dict[str, str], *, phases: str, examples: int, seed: int
) -> tuple[int, int]:
    """Return schemathesis' status and the number of cases that it made."""
    done = subprocess.run(
        [Path(sys.executable).parent / "st", "--config-file", str(HERE / "schemathesis.toml"), "run",
         str(ROOT / "docs" / "openapi.yaml"), "--url", f"http://127.0.0.1:{port}", "--checks", "all",
         "--phases", phases, "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
         "--no-color", "--header", f"Authorization: Bearer {client['api_key']}"],
        cwd=environment["BIOTECH_MA_DATA_DIR"], capture_output=True, text=True, check=False,
        env={**environment, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT),
             "FUZZ_CLIENT_ID": client["id"]},
    )  # fmt: skip
    print(done.stdout, done.stderr, sep="\n", flush=True)
    found = GENERATED.search(done.stdout)
    return done.returncode, int(found[1]) if found else 0


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of manage.py and return what it printed."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def wait_for(port: int) -> None:
    """Return once the server answers."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the server does not start")


if __name__ == "__main__":
    raise SystemExit(main())
