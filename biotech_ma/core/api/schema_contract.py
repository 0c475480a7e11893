"""What every operation has: the headers of requests and answers, and each problem, said once and referred to."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from biotech_ma.core.api.errors import CONTENT_TYPE
from biotech_ma.core.api.schema_examples import body_example, example_of

PROBLEMS = {
    400: "What was sent is wrong: each error names its field or parameter.",
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key lacks the scope that is named, or may not call this resource.",
    404: "There is no such row, or it is archived.",
    406: "`Accept` wants none of the types that are given.",
    409: "A live row has this key already, the present state forbids it, or its Idempotency-Key is at work.",
    412: "`If-Match` names an older state.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "The Idempotency-Key was sent with another request.",
    429: "The hour's requests are spent; `Retry-After` says when to come back.",
    500: "Something went wrong here; the log has it under the answer's X-Request-ID.",
    503: "The database does not answer, or as many requests of this kind are at work as may.",
}
ALWAYS = (400, 401, 403, 406, 429, 500, 503)
# Problems that come before the caller is known, so that they cannot say what is left of its hour.
BEFORE_THE_CALLER = (400, 401, 404, 406, 413, 500, 503)
RETRIED = (409, 429, 503)

HEADERS: dict[str, tuple[str, str]] = {
    "X-Request-ID": ("The request's own id, or a new one.", "0b6f0a3e6a554a618f2e1d3c5b7a9e01"),
    "RateLimit-Policy": ("Requests an hour: quota and window in seconds.", '"hour";q=10000;w=3600'),
    "RateLimit": ("What is left of the hour at least, and the seconds until the next.", '"hour";r=9993;t=1805'),
    "Retry-After": ("Seconds after which to ask again.", "1805"),
    "WWW-Authenticate": ("How to send the key.", 'Bearer realm="biotech_ma"'),
    "ETag": ("The state of the row, for If-None-Match and If-Match.", '"1058fe820cda7f25760fba17"'),
    "Location": (
        "The address of the new row, or of the company that was kept.",
        "https://desk.example.com/api/v1/companies/0198…/",
    ),
    "Idempotent-Replayed": ("true where this is the answer to an earlier request of the same key.", "true"),
    "Content-Disposition": ("A name for the file.", 'attachment; filename="companies.csv"'),
    "X-Restricted-Rows-Omitted": (
        "Rows that the filters name and that are closed to the caller by the restricted list; absent for none.",
        "3",
    ),
    "Vary": ("What the answer depends on.", "Accept"),
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "An id of the caller's for this request; it comes back, and the log has it.",
        "schema": {"type": "string"},
        "example": "desk-2026-11-26-0001",
    },
    "If-None-Match": {
        "description": "Entity tags that the caller has, or `*`: 304 when one of them is the row's.",
        "schema": {"type": "string"},
        "example": '"1058fe820cda7f25760fba17"',
    },
    "If-Match": {
        "description": "Entity tags of the plain row of which one must still be true, or `*`: else 412.",
        "schema": {"type": "string"},
        "example": "*",
    },
    "X-Change-Reason": {
        "description": "Why, for the history: at most 500 characters.",
        "schema": {"type": "string", "maxLength": 500},
        "example": "Annual report of 2026",
    },
    "Idempotency-Key": {
        # No example: programs that send examples would all send the same word.
        "description": "A word of the caller's, such as a UUID: sent again within 24 hours it gets the first answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!#-+\--\[\]-~]+$"},
    },
}
CONDITIONAL = ("put", "patch", "delete")
# Addresses below which a POST takes the reason of the change.
REASONED = ("/restore/", "/merge/", "/unmerge/")
WITH_BODY = ("post", "put", "patch")


def problems_of(method: str, path: str) -> list[int]:
    """Return the problems that an operation can answer with."""
    codes = set(ALWAYS)
    if "{ref}" in path or "{form}" in path:
        codes.add(404)
    if method in WITH_BODY:
        codes |= {409, 413, 415}
    if method == "delete":
        codes.add(409)
    if method == "post":
        codes.add(422)
    if method in CONDITIONAL or (method == "post" and "{ref}" in path):
        codes.add(412)
    if path.endswith(("/download/", "/test/")):
        codes.add(409)
    return sorted(codes)


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the schema with the headers and problems of every operation: a hook of drf-spectacular."""
    for path, item in result["paths"].items():
        for method, operation in item.items():
            _complete(operation, method, path)
    _link(result["paths"])
    components = result["components"]
    components["headers"] = {
        _key(name): {"description": text, "schema": {"type": "string"}, "example": example}
        for name, (text, example) in HEADERS.items()
    }
    # Always there, on every answer.
    components["headers"][_key("X-Request-ID")]["required"] = True
    components["parameters"] = {
        _key(name): {"name": name, "in": "header", **described} for name, described in PARAMETERS.items()
    }
    components["responses"] = {_problem_name(code): _problem(code, text) for code, text in PROBLEMS.items()}
    for item in result["paths"].values():
        for method, operation in item.items():
            _give_examples(operation, method, components["schemas"])
    return result


def _link(paths: dict[str, Any]) -> None:
    """Let each new row, and the first row of each list, lead to what can be done with it."""
    for path, item in paths.items():
        below = {
            operation["operationId"]: {
                "operationId": operation["operationId"],
                "description": operation.get("summary", ""),
            }
            for other, methods in paths.items()
            if other.startswith(f"{path}{{ref}}/")
            for operation in methods.values()
        }
        for method, code, pointer in (("post", "201", "/id"), ("get", "200", "/results/0/id")):
            answer = item.get(method, {}).get("responses", {}).get(code)
            if below and answer:
                answer["links"] = {
                    name: {**link, "parameters": {"ref": f"$response.body#{pointer}"}} for name, link in below.items()
                }


def _give_examples(operation: dict[str, Any], method: str, schemas: dict[str, Any]) -> None:
    """Add an example to the body that is sent and to each that is answered in JSON."""
    for code, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if content and code.startswith("2"):
            content["example"] = example_of(content["schema"], schemas)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        schema = body["schema"]["anyOf"][0] if "anyOf" in body["schema"] else body["schema"]
        properties = schemas[schema["$ref"].rpartition("/")[2]]["properties"]
        example = body_example(operation["tags"][0], method.upper(), properties)
        if example is not None:
            body["example"] = example


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    single = any("ETag" in _headers_of(code, answer) for code, answer in operation["responses"].items())
    for code, answer in operation["responses"].items():
        names = ["X-Request-ID", "RateLimit-Policy", "RateLimit", *_headers_of(code, answer)]
        if code == "200" and ("/exports/" in path or path.endswith(".ics")):
            names.append("X-Restricted-Rows-Omitted")
        if method == "post":
            names.append("Idempotent-Replayed")
        answer["headers"] = {name: _ref("headers", name) for name in names}
        answer.pop("x-gives", None)
    if method == "get" and single:
        operation["responses"]["304"] = {
            "description": "The caller has this state already.",
            "headers": {
                name: _ref("headers", name) for name in ("X-Request-ID", "RateLimit-Policy", "RateLimit", "ETag")
            },
        }
    if method == "get" and "/companies/{ref}/" in path:
        operation["responses"]["307"] = _moved()
    if path.endswith("/download/"):
        operation["responses"]["302"] = {"description": "To a link into the bucket that is good for five minutes."}
    if method == "get":
        operation["responses"]["414"] = {"description": "The server itself reads no address that long."}
    for code in problems_of(method, path):
        operation["responses"][str(code)] = {"$ref": f"#/components/responses/{_problem_name(code)}"}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    names = ["X-Request-ID"]
    if method == "get" and single:
        names.append("If-None-Match")
    if 412 in problems_of(method, path):  # noqa: PLR2004
        names.append("If-Match")
    if method in CONDITIONAL or path.endswith(REASONED) or (method == "post" and "201" in operation["responses"]):
        names.append("X-Change-Reason")
    if method == "post":
        names.append("Idempotency-Key")
    operation.setdefault("parameters", []).extend(_ref("parameters", name) for name in names)


def _moved() -> dict[str, Any]:
    """Return the answer for a merged duplicate: not there for good, for a merge can be undone."""
    kept = {"id": "0198c2f1-7a57-7cc3-98c4-0b8e5d0c7d11", "ticker": "VRTX", "name": "Vertex Pharmaceuticals"}
    example = {
        "type": "about:blank", "title": "Temporary Redirect", "status": 307,
        "detail": "Vertex Pharma is merged into Vertex Pharmaceuticals (VRTX).", "errors": [],
        "merged_into": {**kept, "address": f"https://desk.example.com/api/v1/companies/{kept['id']}/"},
    }  # fmt: skip
    names = ("X-Request-ID", "RateLimit-Policy", "RateLimit", "Location")
    return {
        "description": "It is merged into another company: `Location` has the same of that one.",
        "headers": {name: _ref("headers", name) for name in names},
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }


def _headers_of(code: str, answer: dict[str, Any]) -> list[str]:
    """Return the further headers of a success: what `x-gives` says it is decides."""
    kind = answer.get("x-gives", "") if code != "207" else ""
    if kind in ("file", "calendar"):
        return ["Content-Disposition"]
    if kind == "row":
        return ["ETag", "Location"] if code == "201" else ["ETag"]
    return ["Location"] if kind == "created once" else []


def _problem(code: int, text: str) -> dict[str, Any]:
    names = ["X-Request-ID"] if code in BEFORE_THE_CALLER else ["X-Request-ID", "RateLimit-Policy", "RateLimit"]
    if code in RETRIED:
        names.append("Retry-After")
    if code == HTTPStatus.UNAUTHORIZED:
        names.append("WWW-Authenticate")
    return {
        "description": text,
        "headers": {name: _ref("headers", name) for name in names},
        "content": {
            CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example(code, text)}
        },
    }


def _example(code: int, text: str) -> dict[str, Any]:
    errors = []
    if code == HTTPStatus.BAD_REQUEST:
        text = 'There is no parameter "limt". Near: limit.'
        errors.append({"field": "limt", "code": "unknown", "detail": text})
    return {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "detail": text,
        "errors": errors,
    }


def _problem_name(code: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(code).phrase.replace("-", " ").split())


def _key(name: str) -> str:
    return name.replace("-", "")


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{_key(name)}"}
