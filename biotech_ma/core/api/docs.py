"""The schema for programs and the browsable documentation for people; neither needs a key."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

# A schema changes with the code only, and takes a third of a second to make.
SCHEMA_SECONDS = 3600


@method_decorator(cache_page(SCHEMA_SECONDS), name="dispatch")
class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 schema: JSON, or YAML for `Accept: application/vnd.oai.openapi` and `?format=yaml`."""

    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, with its script apart from the page, as the Content-Security-Policy wants it."""

    url_name = "schema"
    content_negotiation_class = DefaultContentNegotiation
