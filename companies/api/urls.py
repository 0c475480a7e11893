"""The addresses of companies and drug candidates below /api/v1/."""

from rest_framework.routers import SimpleRouter

from companies.api.views import CompanyHistoryViewSet, CompanyViewSet, DrugCandidateViewSet, PipelineViewSet

router = SimpleRouter()
router.register("companies", CompanyViewSet, basename="company")
router.register("drug-candidates", DrugCandidateViewSet, basename="drug-candidate")
urlpatterns = [
    *router.urls,
    CompanyViewSet.export_address(),
    DrugCandidateViewSet.export_address(),
    PipelineViewSet.address("pipeline"),
    CompanyHistoryViewSet.address("history"),
]
