from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = "Scoring"

    def ready(self) -> None:
        """Keep what is served of the latest scores in step with the code; listen to the news of the apps below."""
        from django.db.models.signals import post_migrate

        from scoring.jobs import listen
        from scoring.served import keep_in_step

        post_migrate.connect(keep_in_step, sender=self, dispatch_uid="served scores")
        listen()
