"""A new data directory: initialised and furnished with roles beside its place, then moved there in one step."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import signal
import tempfile
from functools import partial
from pathlib import Path

from biotech_ma.core.postgres import configuration, processes, programs
from biotech_ma.core.postgres.errors import EmbeddedServerError

OWNER = "biotech_ma"
READER = "biotech_ma_reader"
DATABASE = "biotech_ma"

REMOVAL_SECONDS = 5
# One segment of PostgreSQL's log of changes: without room for it no server starts.
SMALLEST_FREE_BYTES = 16 * 1024 * 1024

# One line a statement: single-user mode ends a statement at the end of the line. In template1, so that every
# database made later (the tests', a restored one) is furnished alike.
_BOOTSTRAP = (
    f"CREATE ROLE {OWNER} LOGIN CREATEDB;",
    f"CREATE ROLE {READER} LOGIN CONNECTION LIMIT 20;",
    f"GRANT pg_monitor, pg_signal_backend TO {OWNER};",
    f"ALTER ROLE {READER} SET default_transaction_read_only = on;",
    f"ALTER ROLE {READER} SET statement_timeout = '30s';",
    f"ALTER ROLE {READER} SET lock_timeout = '5s';",
    f"ALTER ROLE {READER} SET idle_in_transaction_session_timeout = '60s';",
    f"ALTER ROLE {READER} SET temp_file_limit = '1GB';",
    "REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;",
    f"GRANT CONNECT ON DATABASE postgres, template1 TO {OWNER};",
    "REVOKE ALL ON LANGUAGE plpgsql FROM PUBLIC;",
    f"GRANT USAGE ON LANGUAGE plpgsql TO {OWNER};",
    # What any role may call by default and a reader has no use for: locks, messages, large objects, signals.
    "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc"
    " WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname ~ '^(pg_(try_)?advisory_|lo_|lo(read|write)$)' OR"
    " proname IN ('pg_notify', 'pg_logical_emit_message', 'pg_export_snapshot', 'pg_terminate_backend',"
    " 'pg_cancel_backend')) LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);"
    " EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO biotech_ma', f); END LOOP; END $$;",
    f"CREATE DATABASE {DATABASE} OWNER {OWNER};",
    f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC;",
)


def create(data_dir: Path, account: programs.Account) -> None:
    """Make a data directory with its roles and its empty database at `data_dir`, or leave nothing there.

    Works in a folder beside it, which is renamed when complete: a kill in the middle costs a leftover, removed by the
    next start. The caller holds the start lock. Raises EmbeddedServerError.
    """
    remove_leftovers(data_dir)
    workplace = Path(tempfile.mkdtemp(prefix=_leftover_prefix(data_dir), dir=data_dir.parent))
    try:
        if account.is_other:
            os.chown(workplace, account.uid, account.gid)
        fresh = workplace / "data"
        _initialise(fresh, account)
        _furnish(fresh, account)
        fresh.rename(data_dir)
    except OSError as error:
        raise EmbeddedServerError(_why_not_moved(data_dir, error)) from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def remove_leftovers(data_dir: Path) -> None:
    """Remove what interrupted initialisations of this data directory have left beside it."""
    for leftover in data_dir.parent.glob(glob.escape(_leftover_prefix(data_dir)) + "*"):
        # An initdb that lost its parent goes on filling it.
        processes.end(processes.mentioning(leftover), ((signal.SIGKILL, 10.0),))
        processes.wait_until(partial(_removed, leftover), REMOVAL_SECONDS)


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _leftover_prefix(data_dir: Path) -> str:
    return f".{data_dir.name}-initialising-"


def _why_not_moved(data_dir: Path, error: OSError) -> str:
    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
        return f"{data_dir} holds files that are no PostgreSQL data directory: move them, or set BIOTECH_MA_DATA_DIR."
    return one_line(error.strerror or str(error), data_dir)


def _initialise(fresh: Path, account: programs.Account) -> None:
    done = programs.run(
        account,
        programs.bundled("initdb"),
        f"--pgdata={fresh}",
        "--username=postgres",
        "--auth=peer",
        "--encoding=UTF8",
        # The same order and case mapping on every machine, whatever locales it has.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--text-search-config=english",
    )
    if done.returncode != 0:
        raise EmbeddedServerError(one_line(done.stderr, fresh.parent.parent))


def _furnish(fresh: Path, account: programs.Account) -> None:
    # Only the server's own user (and root) gets in, as any role: PostgreSQL asks the kernel who is calling.
    (fresh / "pg_hba.conf").write_text(
        "# The embedded server: its own user by socket, nobody else.\nlocal all all peer map=operator\n"
    )
    _append(fresh / "postgresql.conf", f"include_if_exists = '{configuration.FILE}'\n")
    done = programs.run(
        account,
        programs.bundled("postgres"),
        "--single",
        "-D",
        fresh,
        "-c",
        "exit_on_error=on",
        "template1",
        script="\n".join(_BOOTSTRAP) + "\n",
    )
    if done.returncode != 0:
        raise EmbeddedServerError(one_line(done.stderr, fresh.parent.parent))


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def one_line(output: str, data_dir: Path) -> str:
    """Return the one line of a program's output that tells why it failed, with the remedy where it is known."""
    if "Read-only file system" in output or "Permission denied" in output:
        return f"{data_dir} cannot be written: change its owner or permissions, or set BIOTECH_MA_DATA_DIR."
    # A full disk can keep the server from writing down why it failed.
    if "No space left on device" in output or _is_full(data_dir):
        return f"The disk that holds {data_dir} is full: free some space and try again."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return f"The embedded PostgreSQL in {data_dir} failed: {(telling or lines or ['it gave no reason'])[-1]}"


def _is_full(data_dir: Path) -> bool:
    try:
        return shutil.disk_usage(data_dir).free < SMALLEST_FREE_BYTES
    except OSError:
        return False
