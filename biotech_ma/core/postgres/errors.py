"""The errors of the database's ground floor: each message is one line that says what to do."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import OperationalError


class DatabaseUnavailableError(OperationalError, CommandError):
    """The database cannot be reached: an OperationalError to the web, one line on stderr to every command."""


class EmbeddedServerError(DatabaseUnavailableError):
    """The embedded PostgreSQL cannot be started, stopped or used; the message names the folder and the remedy."""
