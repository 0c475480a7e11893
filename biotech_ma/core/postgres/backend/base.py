"""Django's PostgreSQL backend, which brings up the embedded server before it connects to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from biotech_ma.core.postgres import embedded
from biotech_ma.core.postgres.errors import DatabaseUnavailableError


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to DATABASE_URL's server, or starts and joins the embedded one below `EMBEDDED_DIR`.

    A server that cannot be reached is a DatabaseUnavailableError: one line for a command, an OperationalError for all
    others.
    """

    def get_connection_params(self) -> dict[str, Any]:
        params = dict(super().get_connection_params())
        data_dir = self.settings_dict.get("EMBEDDED_DIR")
        if data_dir:
            params["host"] = str(embedded.ensure_running(Path(data_dir)).socket_dir)
            params["port"] = "5432"
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return self._connected(conn_params)
        except DatabaseUnavailableError:
            if not self.settings_dict.get("EMBEDDED_DIR") or self.pool:
                raise
            # It may have been killed between the look at it and the connection: start it, and try once more.
            return self._connected(self.get_connection_params())

    def _connected(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            # Without a SQLSTATE nobody has answered, or the pool gave up; the server's own refusals keep their class.
            if error.sqlstate is None:
                reason = " ".join(str(error).split())
                name = self.settings_dict["NAME"]
                raise DatabaseUnavailableError(f"The database {name} cannot be reached: {reason}") from error
            raise
