from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals_app"
    verbose_name = "Signals"

    def ready(self) -> None:
        """Let readiness depend on the sources, too; keep what analysts say of a company's figures in the ledger."""
        from biotech_ma.core.api.health import also_ready
        from companies.services import when_edited
        from signals_app.curated import append_edited_figures
        from signals_app.schedule import readiness

        also_ready("sources", readiness)
        when_edited(append_edited_figures)
