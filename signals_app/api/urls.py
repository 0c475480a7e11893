"""The addresses of signals below /api/v1/."""

from rest_framework.routers import SimpleRouter

from signals_app.api.views import CompanySignalViewSet, SignalViewSet

router = SimpleRouter()
router.register("signals", SignalViewSet, basename="signal")
urlpatterns = [*router.urls, CompanySignalViewSet.address("signals")]
