"""The addresses of signals below /api/v1/."""

from rest_framework.routers import SimpleRouter

from signals_app.api.catalysts import CatalystViewSet
from signals_app.api.figures import CompanyFiguresViewSet
from signals_app.api.views import CompanySignalViewSet, SignalViewSet

router = SimpleRouter()
router.register("signals", SignalViewSet, basename="signal")
router.register("catalysts", CatalystViewSet, basename="catalyst")
urlpatterns = [*router.urls, CompanySignalViewSet.address("signals"), CompanyFiguresViewSet.address()]
