"""What schemathesis needs to know of this API beyond its schema; `tests/fuzz/__main__.py` names this file to it."""

from __future__ import annotations

import os
import uuid
from typing import Any

import schemathesis
from hypothesis import strategies as st

# Cursors are signed, so none can be made up: an empty one asks for the first page. What becomes of cursors that were
# tampered with, tests/api/test_api_hostile.py tells.
schemathesis.openapi.format("cursor", st.just(""))

OWN = os.environ.get("FUZZ_CLIENT_ID", "")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Leave the run its own key, and send it once: the schema offers two ways, of which the API takes one at a time.

    A client that shuts itself out would be told 401 from then on.
    """
    sent = {name.lower() for name in (kwargs.get("headers") or {})}
    if case.headers and "authorization" in {*sent, *(name.lower() for name in case.headers)}:
        case.headers.pop("X-API-Key", None)
    is_own = str((case.path_parameters or {}).get("ref", "")).lower() == OWN
    if is_own and case.method.upper() != "GET" and case.path.startswith("/api/v1/clients/"):
        case.path_parameters["ref"] = str(uuid.uuid4())
