"""The pages of the second factor: turning it on and off, and the code at sign-in."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth import BACKEND_SESSION_KEY, REDIRECT_FIELD_NAME, logout
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from biotech_ma.core import second_factor as factor
from biotech_ma.core.oidc.views import sign_out
from biotech_ma.core.second_factor_gate import GIVEN, NONE, is_required, set_standing

MOST_CHARACTERS = 64
CODE_ATTRS = {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false", "autocapitalize": "off"}
TURN_OFF, RENEW = "turn_off", "renew"


class CodeForm(forms.Form):
    """A code of the device, or a recovery code; `use` is what is done with it."""

    code = forms.CharField(
        max_length=MOST_CHARACTERS,
        label="Code",
        help_text="Six digits of your device, or a recovery code.",
        widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRS),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> None:
        """Compare the code, once every other field is in order: it counts once."""
        if self.errors:
            return
        try:
            self.compare(self.cleaned_data["code"])
        except factor.SecondFactorError as error:
            raise ValidationError(str(error)) from None

    def compare(self, code: str) -> None:
        """Accept the code. Raises SecondFactorError."""
        factor.check_code(self.user, code)


class FirstCodeForm(CodeForm):
    """The first code, which puts the secret in force."""

    recovery_codes: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "The six digits that the device shows now."

    def compare(self, code: str) -> None:
        """Turn the second factor on. Raises SecondFactorError."""
        self.recovery_codes = factor.turn_on(self.user, code)


class PasswordAndCodeForm(CodeForm):
    """What takes more than an open browser: the password and a code."""

    field_order = ("password", "code")
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=4096,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # who signs in by an identity provider has none
        if not self.user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        """Refuse a wrong password, counted like a wrong code."""
        password: str = self.cleaned_data["password"]
        try:
            factor.count_guess(self.user)
        except factor.SecondFactorError as error:
            raise ValidationError(str(error)) from None
        if not self.user.check_password(password):
            raise ValidationError("That is not your password.")
        return password

    def compare(self, code: str) -> None:
        """Accept the code, which the password has counted. Raises SecondFactorError."""
        factor.check_code(self.user, code, is_counted="password" in self.fields)


@sensitive_post_parameters()
@never_cache
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask whoever has given the password for the code, then let them in."""
    user: Any = getattr(request, "waiting_user", None)
    if user is None:
        return HttpResponseRedirect(reverse("admin:index"))
    if not factor.has_second_factor(user.pk):
        # an administrator has taken it away meanwhile
        request.user = user
        set_standing(request, NONE)
        return HttpResponseRedirect(_next(request))
    if "leave" in request.POST:
        request.user = user
        if request.session.get(BACKEND_SESSION_KEY) == settings.OIDC_BACKEND:
            return sign_out(request)
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    form = CodeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        request.user = user
        request.session.cycle_key()
        set_standing(request, GIVEN)
        return HttpResponseRedirect(_next(request))
    form.fields["code"].widget.attrs["autofocus"] = True
    context = {**site.each_context(request), "title": "Second factor", "form": form, "name": user.get_username()}
    return TemplateResponse(request, "admin/desk/login_code.html", context)


@sensitive_post_parameters()
@site.admin_view
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the user's second factor: how to turn it on, or what can be done with it."""
    user: Any = request.user
    return _manage(request, user) if factor.has_second_factor(user.pk) else _enrol(request, user)


def _enrol(request: HttpRequest, user: User) -> HttpResponse:
    form = FirstCodeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_standing(request, GIVEN)
        return _show_codes(request, form.recovery_codes)
    secret = factor.offered_secret(user)
    context = {
        **site.each_context(request),
        "title": "Second factor",
        "form": form,
        "picture": _picture(factor.address_of(user, secret, request.get_host().partition(":")[0])),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "must": is_required(request),
    }
    return TemplateResponse(request, "admin/desk/second_factor_on.html", context)


def _manage(request: HttpRequest, user: User) -> HttpResponse:
    must, form = is_required(request), PasswordAndCodeForm(user, request.POST or None)
    if TURN_OFF in request.POST and must:
        messages.error(
            request, "A second factor is required here: it can be replaced by an administrator's reset only."
        )
        return HttpResponseRedirect(reverse("second-factor"))
    if request.method == "POST" and form.is_valid():
        if RENEW in request.POST:
            return _show_codes(request, factor.renew_recovery_codes(user))
        if TURN_OFF in request.POST:
            factor.turn_off(user, by=user, words="Second factor turned off.")
            set_standing(request, NONE)
            messages.success(request, "The second factor is off.")
            return HttpResponseRedirect(reverse("second-factor"))
    context = {
        **site.each_context(request),
        "title": "Second factor",
        "form": form,
        "left": factor.recovery_codes_left(user),
        "all": factor.RECOVERY_CODES,
        "since": factor.SecondFactor.objects.values_list("confirmed_at", flat=True).get(user=user),
        "must": must,
    }
    return TemplateResponse(request, "admin/desk/second_factor.html", context)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {**site.each_context(request), "title": "Recovery codes", "codes": codes}
    response = TemplateResponse(request, "admin/desk/recovery_codes.html", context)
    response.done = True  # type: ignore[attr-defined]
    return response


def _picture(address: str) -> SafeString:
    """Return the address as a QR code in SVG, dark on light whatever the page is: cameras want it so."""
    drawn = segno.make(address, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=False)
    return mark_safe(drawn)  # noqa: S308 - drawn of squares alone


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    is_here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_here and "\x00" not in wanted else reverse("admin:index")
