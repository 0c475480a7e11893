"""The addresses of scores and matches below /api/v1/."""

from rest_framework.routers import SimpleRouter

from scoring.api.views import AcquirerMatchViewSet, CompanyAcquirerViewSet, CompanyScoreViewSet, ScoreViewSet

router = SimpleRouter()
router.register("scores", ScoreViewSet, basename="score")
router.register("acquirer-matches", AcquirerMatchViewSet, basename="acquirer-match")
urlpatterns = [
    *router.urls,
    ScoreViewSet.export_address(),
    AcquirerMatchViewSet.export_address(),
    CompanyScoreViewSet.address("scores"),
    CompanyAcquirerViewSet.address("acquirers"),
]
