"""To the provider and back: the two addresses of signing in by OpenID Connect. Without the extra they are not there."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from biotech_ma.core.oidc.identities import SignInError, user_of

logger = logging.getLogger(__name__)

NEXT = "desk_oidc_next"


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
        claims = flow.claims_of_answer(request)
        user = user_of(settings.OIDC, claims)
    except flow.ProviderError as error:
        return _refused(request, error, "Signing in did not succeed. Try again.")
    except SignInError as error:
        return _refused(request, error, str(error))
    if not user.is_staff:
        return _refused(request, user, "This user may not enter the admin. Ask an administrator.")
    target = request.session.pop(NEXT, None) or reverse("admin:index")
    login(request, user, backend=settings.OIDC_BACKEND)
    return HttpResponseRedirect(target)


def _refuse_when_off() -> None:
    if not settings.OIDC.is_on:
        raise Http404("Signing in by an identity provider is not set up.")


def _refused(request: HttpRequest, why: Any, words: str) -> HttpResponse:
    logger.warning("sign-in by the identity provider refused: %s", why)
    messages.error(request, words)
    return HttpResponseRedirect(reverse("admin:login"))
