"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from biotech_ma.core.admin.preferences import preferences
from biotech_ma.core.admin.second_factor import login_code, second_factor
from biotech_ma.core.admin.sign_ins import sign_ins
from biotech_ma.core.admin.users import own_password
from biotech_ma.core.admin.visits import seen
from biotech_ma.core.api import docs, fallback, health, index
from biotech_ma.core.oidc import views as oidc
from delivery.api.metrics import metrics

handler400 = fallback.bad_request
handler403 = fallback.forbidden
handler404 = fallback.not_found
handler500 = fallback.server_error

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/preferences/", preferences, name="preferences"),
    path("admin/seen/", seen, name="seen"),
    path("admin/second-factor/", second_factor, name="second-factor"),
    path("admin/login/code/", login_code, name="login-code"),
    path("admin/login/provider/", oidc.begin, name="oidc-begin"),
    path("admin/login/provider/callback/", oidc.callback, name="oidc-callback"),
    path("admin/login/provider/logout/", oidc.back_channel, name="oidc-back-channel"),
    path("admin/logout/", oidc.sign_out, name="sign-out"),
    path("admin/password_change/", own_password, name="own-password"),
    path("admin/sign-ins/", sign_ins, name="sign-ins"),
    path("admin/", admin.site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/schema/", docs.SchemaView.as_view(), name="schema"),
    path("api/docs/", docs.DocsView.as_view(), name="docs"),
    path("api/v1/", index.index, name="api-index"),
    path("api/v1/", include("companies.api.urls")),
    path("api/v1/", include("signals_app.api.urls")),
    path("api/v1/", include("scoring.api.urls")),
    path("api/v1/", include("delivery.api.urls")),
    re_path(r"^api/(?P<rest>.*)$", fallback.unknown_address),
]
