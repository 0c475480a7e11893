from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals_app"
    verbose_name = "Signals"

    def ready(self) -> None:
        """Let readiness depend on the sources; keep in the ledger what analysts say of figures, and tell past ones.

        What is derived from the ledger follows a merge of two companies.
        """
        from biotech_ma.core.api.health import also_ready
        from companies.merging import when_merged
        from companies.past import derive_figures_with
        from companies.services import when_edited
        from signals_app.curated import append_edited_figures, follow_edits
        from signals_app.merged import derive_anew
        from signals_app.past import figures_of_a_day
        from signals_app.schedule import readiness

        also_ready("sources", readiness)
        when_edited(append_edited_figures, follow=follow_edits)
        when_merged(derive_anew)
        derive_figures_with(figures_of_a_day)
