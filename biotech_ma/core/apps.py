from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The ground floor: it imports no other app."""

    name = "biotech_ma.core"
    label = "core"
    verbose_name = "Administration"

    def ready(self) -> None:
        """Register the deployment checks."""
        from biotech_ma.core import checks  # noqa: F401
