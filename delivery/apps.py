from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "delivery"
    verbose_name = "Delivery"

    def ready(self) -> None:
        """Listen to the news of the apps below; close what is restricted; make the roles; add checks."""
        from importlib import import_module

        from django.db.models.signals import post_migrate

        from delivery import (  # noqa: F401 - the one registers checks, the other what the restricted list closes here
            checks,
            restricted,
        )
        from delivery.alerts import jobs as alerts
        from delivery.roles import ensure_roles
        from delivery.webhooks import jobs as webhooks
        from signals_app.jobs import also_due

        post_migrate.connect(ensure_roles, sender=self, dispatch_uid="roles of the desk")
        webhooks.listen()
        alerts.listen()
        also_due(webhooks.queue_sending)
        also_due(alerts.queue_all)
        import_module("delivery.watchlists")
