from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals_app"
    verbose_name = "Signals"

    def ready(self) -> None:
        """Let readiness depend on the sources, too."""
        from biotech_ma.core.api.health import also_ready
        from signals_app.schedule import readiness

        also_ready("sources", readiness)
