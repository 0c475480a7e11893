"""The entrance: what stands below /api/v1/. Needs no key, for it tells no more than the documentation does."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, get_resolver, reverse

from biotech_ma.core.api.errors import problem_response

LIST = "-list"


def index(request: HttpRequest) -> HttpResponse:
    """Answer with the addresses of the documentation and of every list."""
    if request.method not in ("GET", "HEAD"):
        answer = problem_response(405, f"{request.method} is not allowed here.")
        answer.headers["Allow"] = "GET, HEAD"
        return answer
    absolute = request.build_absolute_uri
    return JsonResponse(
        {
            "docs": absolute(reverse("docs")),
            "schema": absolute(reverse("schema")),
            "resources": {name: absolute(address) for name, address in _lists().items()},
        }
    )


def _lists() -> dict[str, str]:
    """Return the address of each list by the last word of it."""
    names = sorted(name for name in get_resolver().reverse_dict if isinstance(name, str) and name.endswith(LIST))
    addresses = []
    for name in names:
        try:
            addresses.append(reverse(name))
        except NoReverseMatch:  # a list below a row
            continue
    return {address.strip("/").rpartition("/")[2]: address for address in sorted(addresses)}
