"""The addresses of signals below /api/v1/."""

from django.urls import path
from django.views.generic import RedirectView
from rest_framework.routers import SimpleRouter

from signals_app.api.catalysts import CatalystViewSet
from signals_app.api.figures import CompanyFiguresViewSet
from signals_app.api.views import CompanySignalViewSet, SignalViewSet

router = SimpleRouter()
router.register("signals", SignalViewSet, basename="signal")
router.register("catalysts", CatalystViewSet, basename="catalyst")
urlpatterns = [
    *router.urls,
    SignalViewSet.export_address(),
    CatalystViewSet.export_address(),
    CompanySignalViewSet.address("signals"),
    CompanyFiguresViewSet.address(),
    path("catalysts.ics", CatalystViewSet.as_view({"get": "calendar"}, detail=False), name="catalyst-calendar"),
    path("catalysts/.ics", RedirectView.as_view(pattern_name="catalyst-calendar", query_string=True)),
]
