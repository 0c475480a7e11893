from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "delivery"
    verbose_name = "Delivery"

    def ready(self) -> None:
        """Listen to the news of the apps below."""
        from delivery.alerts import jobs as alerts
        from delivery.webhooks import jobs as webhooks
        from signals_app.jobs import also_due

        webhooks.listen()
        alerts.listen()
        also_due(webhooks.queue_sending)
        also_due(alerts.queue_all)
