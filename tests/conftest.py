"""What every test shares: a real PostgreSQL, and no traffic beyond this machine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_django
from django.apps import apps
from django.db import connection, transaction

from tests import migrated

# Run under nohup or in a shell's background, this process ignores signals, and so would every process that tests start
# to end it by one.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

# Files that start processes and browsers: few tests, minutes each. At the end one of them would run while a core idles.
LONG = (
    "test_webhook_workers", "test_message_workers", "test_quickstart", "test_ingest_crash", "test_worker",
    "test_embedded", "test_embedded_errors", "test_migrations", "test_api_workers", "test_api_schema",
    "test_connections", "test_db_command", "test_commands", "test_access", "test_admin_browser",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, each file whole."""
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data beside the project; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real public data, ../shared/data, is not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> None:
    """Let each worker copy the migrated database that the first one makes."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated.database()


@pytest.fixture(autouse=True)
def first_weights(request: pytest.FixtureRequest, _django_db_marker: None) -> None:
    """Seed the first version of the weights again where a test that commits has emptied all tables."""
    if request.node.get_closest_marker("django_db") and not apps.get_model("scoring", "ScoreVersion").objects.exists():
        # in one transaction, as migrations run: the database checks the sum of the weights at its end
        with transaction.atomic():
            import_module("scoring.migrations.0002_first_weights").seed(apps, SimpleNamespace(connection=connection))


@pytest.fixture(autouse=True)
def empty_queue(request: pytest.FixtureRequest, _django_db_marker: None) -> Iterator[None]:
    """Empty the queue after a test that commits: its tables are not Django's, whose flush leaves them as they are."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE")
