"""To the provider, back and out: the addresses of OpenID Connect. Those of the provider are there when it is set up."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from biotech_ma.core.oidc.identities import SignInError, user_of
from biotech_ma.core.oidc.sign_out import LogoutTokenUsedError, end_sessions, note_provider_sign_in
from biotech_ma.core.sign_ins import SignIn, sign_in_of, token_of

logger = logging.getLogger(__name__)

NEXT = "desk_oidc_next"
MOST_OF_A_TOKEN = 16 * 1024


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    _refuse_when_off()
    from biotech_ma.core.oidc import flow

    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    request.session[NEXT] = wanted if is_here and "\x00" not in wanted else reverse("admin:index")
    try:
        return flow.to_provider(request, request.build_absolute_uri(reverse("oidc-callback")))
    except flow.ProviderError as error:
        return _refused(request, error, "The identity provider does not answer as it should. Try again later.")


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take what the provider answers; sign the user in, or say why not."""
    _refuse_when_off()
    from biotech_ma.core.oidc import flow

    try:
        answer = flow.verified_answer(request)
        user = user_of(settings.OIDC, answer.claims)
    except flow.ProviderError as error:
        return _refused(request, error, "Signing in did not succeed. Try again.")
    except SignInError as error:
        return _refused(request, error, str(error))
    if not user.is_staff:
        return _refused(request, user, "This user may not enter the admin. Ask an administrator.")
    target = request.session.pop(NEXT, None) or reverse("admin:index")
    login(request, user, backend=settings.OIDC_BACKEND)
    note_provider_sign_in(request, settings.OIDC, answer.claims, answer.id_token)
    return HttpResponseRedirect(target)


@csrf_exempt
@never_cache
@require_POST
def back_channel(request: HttpRequest) -> HttpResponse:
    """End the sessions that the provider's logout token names (OpenID Connect Back-Channel Logout 1.0, 2.5 to 2.8)."""
    _refuse_when_off()
    from biotech_ma.core.oidc import flow

    text = request.POST.get("logout_token", "")
    try:
        if not text or len(text) > MOST_OF_A_TOKEN:
            raise flow.ProviderError("there is no logout token, or one without end")
        ended = end_sessions(settings.OIDC, flow.logout_claims(text))
    except (flow.ProviderError, LogoutTokenUsedError) as error:
        logger.warning("sign-out by the identity provider refused: %s", error)
        about = {"error": "invalid_request", "error_description": "The logout token is not accepted."}
        return JsonResponse(about, status=400)
    logger.info("sign-out by the identity provider: %s sessions", ended)
    return HttpResponse()


@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out here, and lead the browser to the provider that has signed it in, to sign out there."""
    row = sign_in_of(request) if request.method == "POST" else None
    there = _end_session_url(request, row)
    if row:
        row.delete()
    name = settings.OIDC.name if there else ""
    return site.logout(request, {"title": "Signed out", "there": there, "provider": name})


def _end_session_url(request: HttpRequest, row: SignIn | None) -> str:
    """Return where the provider signs the browser out; empty without one, or where it does not answer."""
    if row is None or row.identity_id is None or not settings.OIDC.is_on:
        return ""
    from biotech_ma.core.oidc import flow

    try:
        return flow.end_session_url(token_of(row), request.build_absolute_uri(reverse("admin:login")))
    except flow.ProviderError as error:
        logger.warning("sign-out at the identity provider failed: %s", error)
        messages.warning(request, f"{settings.OIDC.name} does not answer: you may still be signed in there.")
        return ""


def _refuse_when_off() -> None:
    if not settings.OIDC.is_on:
        raise Http404("Signing in by an identity provider is not set up.")


def _refused(request: HttpRequest, why: Any, words: str) -> HttpResponse:
    logger.warning("sign-in by the identity provider refused: %s", why)
    messages.error(request, words)
    target = request.session.get(NEXT) or reverse("admin:index")
    back = f"?{urlencode({REDIRECT_FIELD_NAME: target})}" if target != reverse("admin:index") else ""
    return HttpResponseRedirect(reverse("admin:login") + back)
