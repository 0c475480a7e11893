from importlib import import_module

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"
    verbose_name = "Companies"

    def ready(self) -> None:
        """Register how companies are archived and restored, and what the restricted list closes."""
        import_module("companies.services")
        import_module("companies.restrictions")
