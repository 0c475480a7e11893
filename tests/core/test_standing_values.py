"""Values kept in memory: made once while their tables stand, anew after any commit, and always within a transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from biotech_ma.core import standing_values
from biotech_ma.core.standing_values import while_unchanged
from companies.models import Company
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = frozenset({"companies"})


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    standing_values.forget()
    yield
    standing_values.forget()


class Counting:
    """Tells how many companies there are, and how often it was asked."""

    asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return Company.objects.count()


def test_value_is_made_once_while_its_tables_have_not_changed():
    company = CompanyFactory()
    make = Counting()
    assert [while_unchanged("a", TABLES, make) for _ in range(3)] == [1, 1, 1]
    DrugCandidateFactory(company=company)
    assert (while_unchanged("a", TABLES, make), make.asked) == (1, 1)


def test_commit_has_it_made_anew():
    make = Counting()
    assert while_unchanged("a", TABLES, make) == 0
    CompanyFactory()
    assert (while_unchanged("a", TABLES, make), make.asked) == (1, 2)


def test_what_is_committed_while_it_is_made_has_the_next_one_made_anew():
    def disturbed() -> int:
        number = Company.objects.count()
        CompanyFactory()
        return number

    assert while_unchanged("a", TABLES, disturbed) == 0
    assert while_unchanged("a", TABLES, Company.objects.count) == 1


def test_keys_are_apart_and_the_one_asked_for_longest_ago_goes(monkeypatch):
    monkeypatch.setattr(standing_values, "MOST_VALUES", 2)
    first, second = Counting(), Counting()
    for key, make in (("a", first), ("b", second), ("a", first), ("c", second), ("a", first), ("b", second)):
        while_unchanged(key, TABLES, make)
    assert (first.asked, second.asked) == (1, 3)


def test_within_a_transaction_it_is_made_each_time():
    make = Counting()
    while_unchanged("a", TABLES, make)
    with transaction.atomic():
        CompanyFactory()
        assert while_unchanged("a", TABLES, make) == 1
        transaction.set_rollback(True)
    assert (while_unchanged("a", TABLES, make), make.asked) == (0, 2)


def test_table_that_nobody_counts_is_refused():
    with pytest.raises(ValueError, match="auth_user"):
        while_unchanged("a", frozenset({"auth_user"}), Counting())
