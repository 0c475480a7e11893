"""What all commands of the project have in common: help with examples that work, and one line for every failure."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, get_commands, load_command_class
from django.db import DatabaseError

from biotech_ma.core.management.base import DeskCommand
from tests.core.servers import ROOT

OWN = sorted(
    (name, app)
    for name, app in get_commands().items()
    if (ROOT / app.split(".")[0]).is_dir() and apps.is_installed(app)
)
NAMES = [name for name, _ in OWN]


def load(name: str) -> Any:
    return load_command_class(dict(OWN)[name], name)


def test_the_commands_are_there() -> None:
    assert {"client", "db", "explain", "ingest", "quickstart", "schedule", "score", "worker"} <= set(NAMES)


def examples(text: str) -> list[list[str]]:
    """Return the arguments of each example below `examples:`, without its remark and what the shell takes."""
    lines = text.partition("examples:\n")[2].splitlines()
    return [shlex.split(re.split(r"\s{2,}| [<>|] ", line.strip())[0])[3:] for line in lines if line.strip()]


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples_that_the_command_takes(name: str) -> None:
    command = load(name)
    assert isinstance(command, DeskCommand)
    parser = command.create_parser("manage.py", name)
    verbs = next((action.choices for action in parser._actions if isinstance(action.choices, dict)), {})
    for shown in (parser, *verbs.values()):
        found = examples(shown.format_help())
        assert found, f"no examples in the help of {shown.prog}"
        for arguments in found:
            assert arguments[0] == name
            parser.parse_args(arguments[1:])


@pytest.mark.parametrize("name", NAMES)
def test_wrong_argument_is_one_line_and_exit_status_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        load(name).run_from_argv(["manage.py", name, "--no-such-option"])
    told = capsys.readouterr()
    assert left.value.code == 1
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith(f"manage.py {name}: ")


class Failing(DeskCommand):
    requires_system_checks: list[str] = []
    refusals = (LookupError,)
    error: BaseException = LookupError("none")

    def handle(self, *args: Any, **options: Any) -> None:
        raise self.error


FAILURES = [
    (CommandError("two\nlines"), "two lines"),
    (LookupError("not here"), "not here"),
    (DatabaseError("relation\n  LINE 1: x"), "relation LINE 1: x"),
    (ValidationError(["one.", "two."]), None),
    (PermissionError(13, "Permission denied", "x.csv"), "[Errno 13] Permission denied: 'x.csv'"),
    (KeyboardInterrupt(), "interrupted"),
]


@pytest.mark.parametrize(("error", "line"), FAILURES)
def test_failure_is_one_line_on_stderr(
    error: BaseException, line: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Failing()
    command.error = error
    argv = ["manage.py", "failing"]
    if line is None:  # not one of its refusals: a fault of the program, shown in full
        with pytest.raises(type(error)):
            command.run_from_argv(argv)
        return
    with pytest.raises(SystemExit) as left:
        command.run_from_argv(argv)
    assert left.value.code == 1
    assert capsys.readouterr() == ("", f"manage.py {__name__.rpartition('.')[2]}: {line}\n")
    with pytest.raises(type(error)):
        command.run_from_argv([*argv, "--traceback"])


ENDLESS = """
import django
django.setup()
from biotech_ma.core.management.base import DeskCommand
class Command(DeskCommand):
    requires_system_checks = []
    def handle(self, *args, **options):
        while True:
            self.out.write("line\\n")
Command().run_from_argv(["manage.py", "endless"])
"""


def test_reader_that_leaves_early_ends_the_command_without_a_word() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "biotech_ma.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
