"""When a delivery that did not arrive is tried again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

# At once, then after each of these: eight attempts in a little over 27 hours, so that a program that was down all night
# gets every event.
DELAYS_SECONDS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
# Spreads what failed together. Later only: nobody is called before the time.
JITTER = 0.1
# An endpoint that asks for more is asked again after the longest of our own delays.
LONGEST_RETRY_AFTER_SECONDS = 36_000.0
MOST_DELAYS, LONGEST_DELAY_SECONDS = 20, 604_800
SHAPE = '{"delays": [seconds, …]}'


def validate_retry_policy(policy: Any) -> None:
    """Raise ValidationError for a policy that is neither empty nor a list of delays in seconds."""
    if policy == {}:
        return
    delays = policy.get("delays") if isinstance(policy, Mapping) else None
    if not isinstance(policy, Mapping) or set(policy) != {"delays"} or not isinstance(delays, list):
        raise ValidationError(f"A retry policy is empty (the default schedule) or {SHAPE}.", code="retry_policy")
    numbers = [delay for delay in delays if isinstance(delay, int | float) and not isinstance(delay, bool)]
    if len(numbers) < len(delays) or not all(0 <= delay <= LONGEST_DELAY_SECONDS for delay in numbers):
        raise ValidationError(
            f"Each delay is a number of seconds between 0 and {LONGEST_DELAY_SECONDS:,} (seven days).",
            code="retry_policy",
        )
    if not 1 <= len(delays) <= MOST_DELAYS:
        raise ValidationError(
            f"A retry policy has 1 to {MOST_DELAYS} delays; switch the webhook off to send nothing.",
            code="retry_policy",
        )


def next_delay_seconds(policy: Mapping[str, Any], attempts: int, retry_after_seconds: float = 0.0) -> float | None:
    """Return the seconds until the next attempt after so many (at least one), None when that was the last.

    Never sooner than the endpoint asks for, within ten hours.
    """
    delays = policy.get("delays") or DELAYS_SECONDS
    if attempts > len(delays):
        return None
    planned = float(delays[attempts - 1]) * random.uniform(1, 1 + JITTER)  # noqa: S311
    return max(planned, min(retry_after_seconds, LONGEST_RETRY_AFTER_SECONDS))
