"""The exact median of a column: the mean of its two middle values, both asked for in one statement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Aggregate, F


class MiddleValue(Aggregate):
    """One of the two middle values; their mean is the exact median of money, which percentile_cont (a float) is not."""

    function = "percentile_disc"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = models.DecimalField(max_digits=20, decimal_places=2)

    def __init__(self, expression: str, *, upper: bool, **extra: Any) -> None:
        order = F(expression).desc() if upper else F(expression).asc()
        super().__init__(order, **extra)


def median_of(lower: Any, upper: Any) -> Decimal | None:
    """Return the median whose two middle values these are; None of nothing."""
    return None if lower is None else (Decimal(str(lower)) + Decimal(str(upper))) / 2
