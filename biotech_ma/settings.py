"""Composition: the only module, with urls.py, that may know every app. `.env.example` explains each variable."""

from __future__ import annotations

from pathlib import Path

import environ
from django.utils.csp import CSP

from biotech_ma.core import addresses, mail
from biotech_ma.core.oidc import settings as oidc_settings
from biotech_ma.core.postgres import settings as postgres_settings
from biotech_ma.core.secrets import secret_from_file
from biotech_ma.core.storage_url import storage_from_url

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("BIOTECH_MA_DATA_DIR", default=str(BASE_DIR / "var"))).absolute()
DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="") or secret_from_file(DATA_DIR / "secret_key")
# Encrypt secrets at rest; the first key writes, all of them read.
FIELD_KEYS = env.list("BIOTECH_MA_FIELD_KEYS", default=[]) or [secret_from_file(DATA_DIR / "field_key")]
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])
# Pages of these origins may call the API from a browser, with a key that they hold; none may by default.
CORS_ALLOWED_ORIGINS = env.list("BIOTECH_MA_CORS_ORIGINS", default=[])

INSTALLED_APPS = [
    "biotech_ma.core",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "companies",
    "signals_app",
    "scoring",
    "delivery",
]

MIDDLEWARE = [
    "biotech_ma.core.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "biotech_ma.core.admin.csp.AdminCSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "biotech_ma.core.sign_ins.SignInsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "biotech_ma.core.second_factor_gate.SecondFactorMiddleware",
    "biotech_ma.core.admin.preferences.UserZoneMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "biotech_ma.core.session_limits.SessionLimitsMiddleware",
    "biotech_ma.core.admin.once.OnceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "biotech_ma.urls"
WSGI_APPLICATION = "biotech_ma.wsgi.application"
ASGI_APPLICATION = "biotech_ma.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "biotech_ma" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": postgres_settings.database(env, DATA_DIR)}
DATABASE_READONLY_URL = env.str("DATABASE_READONLY_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Whom the admin lets in with a second factor only: off, administrators or all.
REQUIRE_TOTP = env.str("BIOTECH_MA_REQUIRE_TOTP", default="off").strip().lower() or "off"
# Signing in by an identity provider as well: the extra `oidc`, off until it is set up.
OIDC = oidc_settings.provider(env)
OIDC_BACKEND = "biotech_ma.core.oidc.backend.OidcBackend"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", *([OIDC_BACKEND] if OIDC.is_on else [])]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
# Days and times as 2026-01-31 and 2026-01-31 16:05, on every page alike.
FORMAT_MODULE_PATH = "biotech_ma.formats"
# The market's day: a score for day D knows what was public before midnight here.
MARKET_TIME_ZONE = "America/New_York"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # empty until collectstatic; whitenoise warns of one that is not there
# Straight from the packages, so that a fresh clone needs no collectstatic; once collected, the compressed copies.
WHITENOISE_USE_FINDERS = not any(STATIC_ROOT.iterdir())
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
    # What the sources answered, by digest: runs are replayed from it.
    "raw": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "raw")},
    },
    "reports": storage_from_url(
        env.str("REPORTS_STORAGE_URL", default="") or (DATA_DIR / "files" / "reports").as_uri(),
        variable="REPORTS_STORAGE_URL",
    ),
}

# Who asks the sources: the SEC refuses those that do not say.
SEC_USER_AGENT = env.str("SEC_USER_AGENT", default="")
_EDGAR = env.str("BIOTECH_MA_SOURCE_BASE_EDGAR", default="")
SOURCE_BASES = {
    "edgar": _EDGAR or "https://www.sec.gov",
    "edgar-data": env.str("BIOTECH_MA_SOURCE_BASE_EDGAR_DATA", default="") or _EDGAR or "https://data.sec.gov",
    "clinicaltrials": env.str("BIOTECH_MA_SOURCE_BASE_CLINICALTRIALS", default="")
    or "https://clinicaltrials.gov/api/v2",
    "fda": env.str("BIOTECH_MA_SOURCE_BASE_FDA", default="") or "https://www.fda.gov",
}
# Requests a second, all processes and machines together. The SEC asks for 10; ClinicalTrials.gov bears 50 a minute.
SOURCE_RATES = {"edgar": 10, "clinicaltrials": 0.8, "fda": 1}
# When each source is fetched, in MARKET_TIME_ZONE: minute, hour, day, month, weekday. EDGAR takes filings from 6 to 22.
INGEST_SCHEDULE = {
    "edgar-tickers": "15 6 * * *",
    "edgar-index": "*/15 6-22 * * 1-5",
    "edgar-documents": "40 7,10,13,16,19,22 * * 1-5",
    "edgar-submissions": "0 23 * * 1-5",
    "edgar-ownership": "30 23 * * 1-5",
    "edgar-facts": "0 1 * * 2-6",
    "edgar-fsds": "0 3 * * 6",
    "clinicaltrials": "0 5 * * *",
    "drugsfda": "0 4 * * 2-6",
    "orangebook": "30 4 * * 6",
}
# When the day that has ended is matched and scored: cron fields in MARKET_TIME_ZONE, or off.
SCORE_SCHEDULE = env.str("BIOTECH_MA_SCORE_SCHEDULE", default="20 0 * * *")
INGEST_SCHEDULE_CHANGES = env.str("BIOTECH_MA_SCHEDULE", default="")
# Networks that webhooks and Slack may call although they are not public.
WEBHOOK_ALLOW = addresses.networks(env.list("BIOTECH_MA_WEBHOOK_ALLOW", default=[]))
# A signal is news, and told, if it became available at most so many days before it was written.
NEWS_DAYS = env.int("BIOTECH_MA_NEWS_DAYS", default=3)
# How long the logs keep what was delivered, in days; 0: for ever. What was not delivered is never deleted.
KEEP_DELIVERIES_DAYS = env.int("BIOTECH_MA_KEEP_DELIVERIES_DAYS", default=90)
KEEP_ALERTS_DAYS = env.int("BIOTECH_MA_KEEP_ALERTS_DAYS", default=730)
# Alerts and reports by e-mail: without EMAIL_URL they are files in the data directory.
MAILERS = mail.mailers(env.str("EMAIL_URL", default=""), DATA_DIR)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="biotech_ma@localhost")
# When which report is made for whom, in MARKET_TIME_ZONE: each on what came before its day, to these addresses.
REPORTS_SCHEDULE = {"daily_digest": "0 7 * * 1-5", "weekly_watchlist": "0 7 * * 1"}
REPORTS_SCHEDULE_CHANGES = env.str("REPORTS_SCHEDULE", default="")
REPORTS_RECIPIENTS = env.list("REPORTS_RECIPIENTS", default=[])
REPORTS_FORMAT = env.str("REPORTS_FORMAT", default="html")
# Background jobs stand in each app's `jobs` module.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}
SESSION_COOKIE_HTTPONLY = True
# Signed in without a request, and signed in at all, for at most so long.
SESSION_IDLE_MINUTES = env.int("BIOTECH_MA_SESSION_IDLE_MINUTES", default=8 * 60)
SESSION_HOURS = env.int("BIOTECH_MA_SESSION_HOURS", default=7 * 24)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
X_FRAME_OPTIONS = "DENY"
# Behind a TLS proxy: DJANGO_HTTPS=true turns these on together.
HTTPS = env.bool("DJANGO_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "biotech_ma.core.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

CSRF_FAILURE_VIEW = "biotech_ma.core.error_pages.form_refused"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"}},
    "filters": {"request": {"()": "biotech_ma.core.request_ids.InEveryLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": env.str("DJANGO_LOG_LEVEL", default="WARNING")},
    # A client's mistake is the client's to read in its answer, not the operator's in the log.
    "loggers": {"django.request": {"level": "ERROR"}, "django.security": {"level": "CRITICAL"}},
}

from biotech_ma.core.admin_settings import UNFOLD
from biotech_ma.core.api.settings import (
    CORS_ALLOW_HEADERS,
    CORS_EXPOSE_HEADERS,
    CORS_URLS_REGEX,
    REST_FRAMEWORK,
    SPECTACULAR_SETTINGS,
)

__all__ = [
    "CORS_ALLOW_HEADERS",
    "CORS_EXPOSE_HEADERS",
    "CORS_URLS_REGEX",
    "REST_FRAMEWORK",
    "SPECTACULAR_SETTINGS",
    "UNFOLD",
]
