"""How the REST layer is put together: one shape for every resource and every error."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["biotech_ma.core.api.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "biotech_ma.core.api.negotiation.JSONAlways",
    "DEFAULT_AUTHENTICATION_CLASSES": ["delivery.api.auth.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["delivery.api.auth.ScopePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["delivery.api.throttle.HourlyLimit"],
    "DEFAULT_SCHEMA_CLASS": "biotech_ma.core.api.schema.ResourceSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "biotech_ma.core.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}

# Cross-origin calls reach the API alone, carry a key and no cookie, and see every header of the contract.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-api-key",
    "x-change-reason",
    "x-change-reason",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-ID",
)

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "biotech_ma",
    "DESCRIPTION": (
        "Companies, drug candidates, signals, M&A scores and acquirer matches of a biotech deal desk. "
        "Money is decimal text in US dollars, scores are numbers, timestamps carry their zone. "
        "Lists come in pages: follow `next`. Errors are `application/problem+json`."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "displayRequestDuration": True},
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "companies.choices.Role",
        "PhaseEnum": "companies.choices.Phase",
        "TherapeuticAreaEnum": "companies.choices.TherapeuticArea",
        "SignalTypeEnum": "signals_app.catalogue.SignalType",
        "SeverityEnum": "signals_app.catalogue.Severity",
        "EventTypeEnum": "delivery.choices.EventType",
    },
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "biotech_ma.core.api.schema_contract.complete",
    ],
}
