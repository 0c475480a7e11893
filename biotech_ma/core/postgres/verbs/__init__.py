"""The verbs of `manage.py db`: each says what it is for, what it takes, and does it."""

from __future__ import annotations

from biotech_ma.core.postgres.verbs.ask import VERBS as ASK
from biotech_ma.core.postgres.verbs.base import Verb
from biotech_ma.core.postgres.verbs.change import VERBS as CHANGE
from biotech_ma.core.postgres.verbs.copies import VERBS as COPIES
from biotech_ma.core.postgres.verbs.observe import VERBS as OBSERVE
from biotech_ma.core.postgres.verbs.server import VERBS as SERVER

VERBS: tuple[Verb, ...] = (*OBSERVE, *ASK, *CHANGE, *COPIES, *SERVER)

__all__ = ["VERBS", "Verb"]
