"""Signals over REST: listed, appended, read; never changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.db import models
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core.api import query
from biotech_ma.core.api.endpoints import Endpoint, Parameter
from biotech_ma.core.api.views import json_response
from biotech_ma.core.api.writes import CreateMixin, note_reason
from companies.api.children import CompanyChildrenViewSet
from signals_app.api.answers import COUNTS
from signals_app.api.bulk import create_many
from signals_app.api.filters import SignalFilterSet
from signals_app.api.reads import SIGNALS
from signals_app.api.serializers import SignalSerializer
from signals_app.models import Signal


class SignalViewSet(CreateMixin):
    """The ledger of live companies. A correction is a new row that `supersedes` the old one."""

    scope = "signals"
    resource = SIGNALS
    filterset_class = SignalFilterSet
    serializer_class = SignalSerializer
    is_planned = True

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        found = super().describe()
        atomic = Parameter("atomic", "With a list: true writes all rows or, where one is wrong, none.", "boolean")
        return found | {
            "create": replace(found["create"], many=True, further=(atomic,)),
            "counts": Endpoint(filters=SignalFilterSet, answer=COUNTS),
        }

    def rows(self) -> models.QuerySet[Any]:
        """Return the signals of live companies."""
        return Signal.objects.of_live_companies()

    def create(self, request: Request) -> HttpResponse:
        """Append one signal, or a list of them: then each row has its own result."""
        if not isinstance(request.data, list):
            return super().create(request)
        query.allow_only(request.query_params, {"atomic"})
        note_reason(request)
        atomic = query.boolean(request.query_params, "atomic")
        code, body = create_many(request.data, atomic=atomic)
        return json_response(json.dumps(body).encode(), code)

    @action(detail=False)
    def counts(self, request: Request) -> HttpResponse:
        """Count the signals that the filters name, by type and by severity."""
        params = request.query_params
        query.allow_only(
            params, SignalFilterSet.known(), prefixes=SignalFilterSet.prefixes, repeatable=SignalFilterSet.repeatable()
        )
        filters = SignalFilterSet(params, self.rows(), request=request)
        query.filter_errors(filters)
        by_type, by_severity = filters.qs.counts_by_type(), filters.qs.counts_by_severity()
        body = {"total": sum(by_type.values()), "by_type": by_type, "by_severity": by_severity}
        return json_response(json.dumps(body).encode())


class CompanySignalViewSet(CompanyChildrenViewSet):
    """A company's signals, newest first."""

    is_planned = True
    together = True
    scope = "signals"
    resource = SIGNALS
    filterset_class = SignalFilterSet
