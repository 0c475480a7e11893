"""`db query` as an attacker would use it: everything but reading the product's tables is refused."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from biotech_ma.core.postgres import cluster, login, query, reader
from tests import migrated
from tests.core.servers import temporary_place

SECRET = "whsec_very_secret"

WRITES = (
    "WITH x AS (INSERT INTO companies (name) VALUES ('Evil') RETURNING 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM companies RETURNING 1) SELECT * FROM x",
    "WITH x AS (UPDATE companies SET name = 'Evil' RETURNING 1) SELECT * FROM x",
    "EXPLAIN ANALYZE INSERT INTO companies (name) VALUES ('Evil')",
    "EXPLAIN ANALYZE DELETE FROM companies",
    "SELECT * INTO stolen FROM companies",
    "SELECT * INTO TEMP stolen FROM companies",
    "EXPLAIN ANALYZE CREATE TABLE stolen AS SELECT 1",
    "SELECT * FROM companies FOR UPDATE",
    "SELECT query_to_xml('DELETE FROM companies RETURNING 1', true, true, '')",
    "SELECT nextval('django_migrations_id_seq')",
    "SELECT setval('django_migrations_id_seq', 1)",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
)
SECRETS = (
    "SELECT secret FROM webhooks",
    "SELECT previous_secret FROM webhooks",
    "SELECT * FROM webhooks",
    "TABLE webhooks",
    "SELECT w FROM webhooks w",
    "SELECT row_to_json(w) FROM webhooks w",
    "SELECT 1 FROM webhooks WHERE secret LIKE 'whsec%'",
    "SELECT count(*) FROM webhooks GROUP BY secret",
    "SELECT query_to_xml('SELECT secret FROM webhooks', true, true, '')",
    "SELECT table_to_xml('webhooks', true, true, '')",
    "SELECT api_key FROM clients",
    "SELECT password FROM auth_user",
    "SELECT * FROM auth_user",
    "SELECT * FROM django_session",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_hba_file_rules",
)
ESCAPES = (
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('postgresql.conf')",
    "SELECT * FROM pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(n int)",
    "SELECT set_config('role', 'biotech_ma', false)",
    "SELECT set_config('session_authorization', 'postgres', false)",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT set_config('log_statement', 'none', false)",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
    "SELECT pg_notify('procrastinate', 'x')",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_export_snapshot()",
)
OTHER_STATEMENTS = (
    "INSERT INTO companies (name) VALUES ('Evil')",
    "DELETE FROM companies",
    "DROP TABLE companies",
    "TRUNCATE companies",
    "COPY companies TO STDOUT",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY companies FROM '/etc/passwd'",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CALL something()",
    "SET ROLE biotech_ma",
    "RESET ROLE",
    "SET SESSION AUTHORIZATION postgres",
    "NOTIFY procrastinate",
    "LISTEN procrastinate",
    "LOCK TABLE companies",
    "CREATE TEMP TABLE t (n int)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "GRANT ALL ON companies TO PUBLIC",
    "ALTER ROLE biotech_ma_reader SUPERUSER",
    "COMMIT",
    "PREPARE p AS SELECT 1",
    "LOAD 'x'",
    "VACUUM",
    "/* SELECT */ DELETE FROM companies",
    "-- SELECT\nDELETE FROM companies",
    "/* a /* nested */ SELECT */ DELETE FROM companies",
    "(;DELETE FROM companies",
)
SEVERAL = (
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM companies",
    "SELECT 1; COMMIT; DELETE FROM companies",
    "SELECT 1;; DROP TABLE companies",
    "SELECT 1 /* ; */ ; SET ROLE biotech_ma",
)


@pytest.fixture(scope="module")
def desk(django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    """A migrated server of its own, with one company and one webhook."""
    with django_db_blocker.unblock(), temporary_place() as place:
        migrated.server(place / "pg")
        default = connections["default"].settings_dict
        own = {"NAME": "biotech_ma", "USER": "biotech_ma", "EMBEDDED_DIR": str(place / "pg"), "HOST": "", "PORT": ""}
        connections.databases["desk"] = {**default, **own}
        connection = connections["desk"]
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO companies (name, ticker, cik) VALUES ('Acme Bio', 'ACME', '0000000001')")
            cursor.execute(
                "INSERT INTO webhooks (name, url, secret) VALUES ('w', 'https://example.org/', %s)", [SECRET]
            )
        yield connection
        connection.close()
        del connections["desk"]
        del connections.databases["desk"]


def ask(desk: BaseDatabaseWrapper, statement: str, **bounds: int) -> query.Answer:
    return query.run(desk, statement, **bounds)


def one(desk: BaseDatabaseWrapper, statement: str) -> Any:
    with desk.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_reads_the_products_tables(desk: BaseDatabaseWrapper) -> None:
    answer = ask(desk, "SELECT ticker, name FROM companies WHERE name LIKE '%Bio%'")
    assert answer.columns == ["ticker", "name"]
    assert answer.rows == [("ACME", "Acme Bio")]
    assert answer.truncated is False


def test_reads_what_is_not_secret_of_a_table_with_secrets(desk: BaseDatabaseWrapper) -> None:
    assert ask(desk, "SELECT name, url FROM webhooks").rows == [("w", "https://example.org/")]
    assert ask(desk, "SELECT count(*) FROM clients").rows == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "WITH x AS (SELECT 1 AS n) SELECT n FROM x",
        "VALUES (1)",
        "(SELECT 1)",
        "/* why */ SELECT 1 -- because",
        "EXPLAIN (ANALYZE) SELECT 1",
        "SHOW server_version",
        "select 1;",
    ],
)
def test_every_reading_statement_is_run(desk: BaseDatabaseWrapper, statement: str) -> None:
    assert ask(desk, statement).rows


@pytest.mark.parametrize("statement", [*WRITES, *SECRETS, *ESCAPES, *OTHER_STATEMENTS, *SEVERAL])
def test_attack_is_refused_in_one_line_and_changes_nothing(desk: BaseDatabaseWrapper, statement: str) -> None:
    with pytest.raises(CommandError) as caught:
        ask(desk, statement, timeout_seconds=5)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert "Traceback" not in message
    assert one(desk, "SELECT count(*) FROM companies WHERE name = 'Acme Bio'") == 1
    assert one(desk, "SELECT to_regclass('stolen') IS NULL")
    assert one(desk, "SELECT count(*) FROM pg_largeobject_metadata") == 0


@pytest.mark.parametrize("statement", [s for s in OTHER_STATEMENTS if not s.startswith(("COPY", "("))])
def test_role_itself_cannot_do_it_either(desk: BaseDatabaseWrapper, statement: str) -> None:
    """The word list is only politeness: the same statements fail for want of rights, or end with the transaction."""
    ask(desk, "SELECT 1")
    with login.connect(login.reader_parameters(desk)) as session:
        session.execute("BEGIN TRANSACTION READ ONLY")
        with contextlib.suppress(psycopg.Error):
            session.execute(statement.encode(), prepare=True)
    assert one(desk, "SELECT count(*) FROM companies WHERE name = 'Acme Bio'") == 1
    assert one(desk, "SELECT NOT rolsuper FROM pg_roles WHERE rolname = 'biotech_ma_reader'")
    assert one(desk, "SELECT NOT has_table_privilege('biotech_ma_reader', 'companies', 'INSERT, DELETE')")


@pytest.mark.parametrize("sql", ["SELECT 1\0; DROP TABLE companies", "\0", "SELECT '\ud800'", "", "  ", ";", "-- only"])
def test_what_cannot_be_sent_is_refused(desk: BaseDatabaseWrapper, sql: str) -> None:
    with pytest.raises(CommandError, match=r"NUL|UTF-8|no statement"):
        ask(desk, sql)


@pytest.mark.parametrize(
    "sql", ["SELECT nonsense", "SELECT * FROM nowhere", "SELECT 1 +", "SELECT 1/0", "SELECT 'a'::int"]
)
def test_failing_statement_is_postgresqls_one_line(desk: BaseDatabaseWrapper, sql: str) -> None:
    with pytest.raises(CommandError) as caught:
        ask(desk, sql)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(60)",
        "SELECT set_config('statement_timeout', '0', false), pg_sleep(60)",
        "SELECT count(*) FROM generate_series(1, 1000000000000) a",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT count(*) FROM r",
    ],
)
def test_statement_that_runs_away_is_stopped(desk: BaseDatabaseWrapper, sql: str) -> None:
    started = time.monotonic()
    with pytest.raises(CommandError, match=r"stopped after 1 s|exceeds"):
        ask(desk, sql, timeout_seconds=1)
    assert time.monotonic() - started < 15


def test_rows_are_capped_and_said_so(desk: BaseDatabaseWrapper) -> None:
    answer = ask(desk, "SELECT generate_series(1, 1000000000)", limit=3)
    assert answer.rows == [(1,), (2,), (3,)]
    assert answer.truncated is True
    assert ask(desk, "SELECT * FROM generate_series(1, 3)", limit=3).truncated is False


def test_size_is_capped(desk: BaseDatabaseWrapper) -> None:
    answer = ask(desk, "SELECT repeat('x', 8000000) FROM generate_series(1, 1000)")
    assert answer.truncated is True
    assert 1 <= len(answer.rows) < 10


def test_columns_are_told_when_there_is_no_row(desk: BaseDatabaseWrapper) -> None:
    answer = ask(desk, "SELECT ticker, name FROM companies WHERE false")
    assert (answer.columns, answer.rows) == (["ticker", "name"], [])


def test_values_without_a_python_equivalent_are_shown(desk: BaseDatabaseWrapper) -> None:
    answer = ask(desk, "SELECT 'infinity'::timestamptz, '12345-01-01'::date, '-infinity'::float8, 'NaN'::numeric, 1.50")
    assert answer.rows == [("infinity", "12345-01-01", "-Infinity", "NaN", "1.50")]


def test_new_table_and_new_secret_column_are_unreadable_by_default(desk: BaseDatabaseWrapper) -> None:
    with desk.cursor() as cursor:
        cursor.execute("CREATE TABLE unheard_of (n int)")
        cursor.execute("GRANT SELECT ON unheard_of TO PUBLIC")
        cursor.execute("ALTER TABLE companies ADD COLUMN bank_token text")
    try:
        for statement in ("SELECT * FROM unheard_of", "SELECT bank_token FROM companies"):
            with pytest.raises(CommandError, match="permission denied"):
                ask(desk, statement)
        assert ask(desk, "SELECT name FROM companies").rows
    finally:
        with desk.cursor() as cursor:
            cursor.execute("DROP TABLE unheard_of")
            cursor.execute("ALTER TABLE companies DROP COLUMN bank_token")


def test_rights_that_crept_in_are_taken_back(desk: BaseDatabaseWrapper) -> None:
    with desk.cursor() as cursor:
        cursor.execute("GRANT SELECT, INSERT ON webhooks, django_session TO biotech_ma_reader")
        cursor.execute("GRANT SELECT (password) ON auth_user TO PUBLIC")
    for statement in ("SELECT secret FROM webhooks", "SELECT * FROM django_session", "SELECT password FROM auth_user"):
        with pytest.raises(CommandError, match="permission denied"):
            ask(desk, statement)
    assert reader.refresh_grants(desk, cluster.READER) == []


def test_role_that_can_do_more_is_refused(desk: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    for user, told in (("biotech_ma", "may create roles or databases"), ("postgres", "is a superuser")):
        parameters = login.parameters(desk, user=user)
        monkeypatch.setattr(login, "reader_parameters", lambda _, parameters=parameters: parameters)
        monkeypatch.setattr(reader, "refresh_grants", lambda *_: [])
        with pytest.raises(CommandError, match=told):
            ask(desk, "SELECT 1")


def test_without_readonly_url_another_server_is_not_asked(desk: BaseDatabaseWrapper, settings: Any) -> None:
    settings.DATABASE_READONLY_URL = ""
    desk.settings_dict["EMBEDDED_DIR"], kept = None, desk.settings_dict["EMBEDDED_DIR"]
    try:
        with pytest.raises(CommandError, match="DATABASE_READONLY_URL is not set"):
            login.reader_parameters(desk)
    finally:
        desk.settings_dict["EMBEDDED_DIR"] = kept


def test_secret_names_and_encrypted_fields_are_never_readable() -> None:
    readable = reader.readable()
    assert "name" in readable["webhooks"]
    assert {"secret", "previous_secret"}.isdisjoint(readable["webhooks"])
    assert "api_key" not in readable["clients"]
    assert {"auth_user", "django_session", "django_migrations"}.isdisjoint(readable)
    # how and when an alert's digest goes out is said to be open by the model
    found = {name for columns in readable.values() for name in columns if reader.SECRET_NAME.search(name)}
    assert found == {"digest", "digest_at"}


def test_queries_at_once_do_not_disturb_each_other(desk: BaseDatabaseWrapper) -> None:
    with desk.cursor() as cursor:
        cursor.execute("REVOKE ALL ON companies FROM biotech_ma_reader")
    answers: list[Any] = []

    def run() -> None:
        own = connections["desk"]
        try:
            answers.append(query.run(own, "SELECT name FROM companies").rows)
        except CommandError as error:
            answers.append(str(error))
        finally:
            own.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[("Acme Bio",)]] * 4
