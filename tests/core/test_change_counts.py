"""The number of a table's changes: it grows with each transaction that wrote, at its commit; nobody waits for it."""

from __future__ import annotations

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from biotech_ma.core.change_counts import COUNTED, state_of
from biotech_ma.core.models import ChangeCount
from companies.models import Company
from scoring.models import MAScore
from signals_app.models import Signal
from tests.factories import CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db(transaction=True)

RENAME = "UPDATE companies SET name = name || '.'"


def state(*tables):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {state_of(frozenset(tables))}")
        return cursor.fetchone()[0]


def number(table):
    return int(state(table).split()[0])


@pytest.fixture
def other():
    """A second session of the same database, in a transaction of its own."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as session:
        yield session
        session.rollback()


@pytest.fixture(autouse=True)
def counted_before():
    """Each table has been written to before."""
    ChangeCount.objects.bulk_create(ChangeCount(table_name=table, changes=100) for table in COUNTED)


@pytest.fixture
def company():
    return CompanyFactory(ticker="ALPH")


def test_every_counted_table_has_the_trigger():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%%count_change%%'")
        assert {row[0] for row in cursor.fetchall()} == COUNTED


def test_transaction_counts_once_however_many_statements_it_has(company):
    before = number("companies"), number("signals")
    with transaction.atomic():
        SignalFactory(company=company)
        SignalFactory(company=company)
        Company.objects.update(employee_count=7)
    assert (number("companies"), number("signals")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("table", "write"),
    [
        ("companies", lambda company: Company.objects.update(employee_count=5)),
        ("companies", lambda company: Company.objects.bulk_create([Company(name="B")])),
        ("drug_candidates", lambda company: DrugCandidateFactory(company=company)),
        ("signals", lambda company: SignalFactory(company=company)),
        ("ma_scores", lambda company: MAScoreFactory(company=company)),
    ],
)
def test_each_way_of_writing_counts(company, table, write):
    before = number(table)
    write(company)
    assert number(table) == before + 1


def test_cascade_copy_and_truncate_count(company, other):
    SignalFactory(company=company)
    before = number("signals")
    other.execute("DELETE FROM companies")
    other.commit()
    assert not Signal.objects.exists()
    assert number("signals") == before + 1
    with other.cursor().copy("COPY companies (name) FROM STDIN") as copy:
        copy.write("Copied\n")
    other.commit()
    assert number("companies") >= 2
    before = number("ma_scores")
    other.execute("TRUNCATE ma_scores CASCADE")
    other.commit()
    assert number("ma_scores") == before + 1


def fail_after(write):
    """Write in a transaction, or a savepoint, that is taken back."""
    with transaction.atomic():
        write()
        raise IntegrityError


def test_what_is_rolled_back_has_not_been_counted(company):
    before = number("companies"), number("ma_scores")
    with pytest.raises(IntegrityError):
        fail_after(lambda: Company.objects.update(employee_count=5))
    assert number("companies") == before[0]
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            fail_after(lambda: MAScoreFactory(company=company))
        # Counted again after the savepoint took the first count back.
        MAScore.objects.update(confidence=1)
    assert number("ma_scores") == before[1] + 1


def test_change_is_seen_with_its_rows_and_no_sooner(company, other):
    before = state("companies")
    other.execute(RENAME)
    assert state("companies") == before
    other.commit()
    assert state("companies") != before


def test_writer_that_began_first_and_ends_last_changes_the_state_again(company, other):
    """The trap of a counter that is raised when a transaction writes: another's commit would stand in for its own."""
    other.execute(RENAME)
    SignalFactory(company=company)
    Company.objects.create(name="Quicker")
    between = state("companies")
    other.commit()
    assert state("companies") != between


def test_writers_do_not_wait_for_each_other_and_share_rows_when_done(company, other):
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as third:
        for session, title in ((other, "one"), (third, "two")):
            session.execute("SET LOCAL lock_timeout = '2s'")
            session.execute("INSERT INTO companies (name) VALUES (%s)", [title])
        third.commit()
    other.commit()
    rows = ChangeCount.objects.filter(table_name="companies")
    assert 1 <= rows.count() <= 3
    held = rows.count()
    for place in range(5):
        Company.objects.create(name=str(place))
    assert rows.count() == held


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_stricter_transaction_writes_although_others_have_counted_meanwhile(company, other, level):
    other.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
    other.execute("SELECT count(*) FROM ma_scores")
    Company.objects.update(employee_count=5)
    before = number("companies")
    other.execute("INSERT INTO companies (name) VALUES ('Strict')")
    other.commit()
    assert number("companies") == before + 1


def test_states_of_several_tables_and_of_unknown_ones(company):
    before = state("companies", "signals"), state("ma_scores")
    SignalFactory(company=company)
    assert state("companies", "signals") != before[0]
    assert state("ma_scores") == before[1]
    for tables in ({"clients"}, {"companies", "reports"}, set()):
        with pytest.raises(ValueError, match="not counted"):
            state_of(frozenset(tables))


def test_table_that_was_emptied_with_its_count_does_not_count_as_before(company, other):
    before = state("companies")
    other.execute("TRUNCATE change_counts")
    other.commit()
    Company.objects.create(name="First")
    assert number("companies") not in range(1000)
    assert state("companies") != before
