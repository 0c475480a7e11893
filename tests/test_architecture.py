"""The plan of the house, held by reading the source: imports go one way, and some rooms do not exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("biotech_ma", "companies", "signals_app", "scoring", "delivery")
# Each floor may use those below it; settings, urls, wsgi and asgi stand on top and know every app.
FLOORS = ("biotech_ma.core", "companies", "signals_app", "scoring", "delivery", "biotech_ma")
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "extras", "shared", "base_utils"}
# Calls whose first argument names a module or an app in a text.
BY_NAME = {"import_module", "import_string", "get_model", "get_app_config", "autodiscover_modules"}
MODEL_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int | None:
    """Return the floor of a module of ours, None for anybody else's."""
    for floor, package in enumerate(FLOORS):
        if module == package or module.startswith(f"{package}."):
            return floor
    return None


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def uses(tree: ast.AST, module: str, *, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield the line and name of every module that the source imports: anywhere, also late, typed or by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + is_package]
                base = ".".join([*kept, base]).rstrip(".")
            # `from biotech_ma import core` names a module below: look at each name, too.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in BY_NAME and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def upward(source: str, module: str, *, is_package: bool = False) -> list[str]:
    own = floor_of(module)
    assert own is not None, module
    found = []
    for line, name in uses(ast.parse(source), module, is_package=is_package):
        other = floor_of(name)
        if other is not None and other > own:
            found.append(f"{module}:{line} imports {name}")
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package):
    found = [
        line
        for path in SOURCES
        if path.is_relative_to(ROOT / package)
        for line in upward(path.read_text(), module_of(path), is_package=path.name == "__init__.py")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("biotech_ma.core.services", "from companies.models import Company"),
        ("biotech_ma.core.services", "def f():\n    import delivery.services"),
        ("biotech_ma.core.services", "from biotech_ma import settings"),
        ("biotech_ma.core.services", "from ..urls import urlpatterns"),
        ("companies.querysets", "if TYPE_CHECKING:\n    from scoring.models import MAScore"),
        ("companies.querysets", "import_module('scoring.models')"),
        ("signals_app.services", "apps.get_model('delivery', 'Alert')"),
        ("scoring.querysets", "from delivery import models"),
        ("delivery.services", "import biotech_ma.urls"),
    ],
)
def test_import_upwards_is_found(module, source):
    assert upward(source, module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("biotech_ma.urls", "from delivery import models"),
        ("delivery.services", "from companies.models import Company\nimport biotech_ma.core.services"),
        ("companies.querysets", "from . import models\nfrom .models import Company"),
        ("companies.querysets", "import django.db, companies_house"),
    ],
)
def test_import_downwards_and_of_others_is_allowed(module, source):
    assert upward(source, module) == []


def test_no_drawers():
    names = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & DRAWERS == set()


def test_no_handlers_of_model_signals():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id in MODEL_SIGNALS)
        or (isinstance(node, ast.Attribute) and node.attr in MODEL_SIGNALS)
        or (isinstance(node, ast.alias) and node.name in MODEL_SIGNALS)
    ]
    assert found == []


def test_the_engine_knows_no_django():
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sorted((ROOT / "scoring" / "engine").rglob("*.py"))
        for line, name in uses(ast.parse(path.read_text()), module_of(path), is_package=path.name == "__init__.py")
        if name.split(".")[0] in {"django", "rest_framework", "psycopg"} or name.startswith("scoring.models")
    ]
    assert found == []


# What the back-test computes from arrays and days; the rest of it asks the database or shows the result.
PURE = (
    "bands", "calendar", "curves", "follow_up", "generated", "improvements", "labels", "measures", "panel", "places",
    "shuffled", "verdict", "vouched",
)  # fmt: skip


@pytest.mark.parametrize("name", PURE)
def test_the_measures_of_the_back_test_know_no_django(name):
    path = ROOT / "scoring" / "backtest" / f"{name}.py"
    impure = ("django", "rest_framework", "psycopg", "scoring.models", "scoring.inputs", "signals_app.models")
    found = [used for _, used in uses(ast.parse(path.read_text()), module_of(path), is_package=False)]
    assert [used for used in found if used.startswith(impure)] == []


def test_every_source_file_is_read():
    assert len(SOURCES) > 50
    assert all((ROOT / package / "__init__.py") in SOURCES for package in PACKAGES)
