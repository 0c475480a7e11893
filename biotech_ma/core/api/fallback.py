"""Addresses and requests that reach no endpoint: problem+json below /api/, pages with words elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt

from biotech_ma.core.api.errors import problem_response
from biotech_ma.core.error_pages import error_page

API = "/api/"


class SameMethodRedirect(HttpResponse):
    """A redirect that keeps method and body (308)."""

    status_code = 308


@csrf_exempt
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer 404, or lead to the address with its final slash where that exists."""
    if not request.path.endswith("/") and _exists(f"{request.path_info}/"):
        query = request.META.get("QUERY_STRING", "")
        return SameMethodRedirect(
            headers={"Location": escape_uri_path(f"{request.path}/") + (f"?{query}" if query else "")}
        )
    return problem_response(404, "There is nothing at this address.")


def _exists(path: str) -> bool:
    try:
        return resolve(path).func is not unknown_address
    except Resolver404:
        return False


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    if request.path_info.startswith(API):
        return problem_response(400, "The request is malformed.")
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if request.path_info.startswith(API):
        return problem_response(403, "This is not yours to do.")
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if request.path_info.startswith(API):
        return problem_response(404, "There is nothing at this address.")
    return error_page(request, 404)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """Answer 500 without saying more."""
    if request.path_info.startswith(API):
        return problem_response(500, "Something went wrong here; it has been logged.")
    return error_page(request, 500)
