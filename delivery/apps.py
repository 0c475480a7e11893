from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "delivery"
    verbose_name = "Delivery"

    def ready(self) -> None:
        """Listen to the news of the apps below."""
        from delivery.webhooks.jobs import listen, queue_sending
        from signals_app.jobs import also_due

        listen()
        also_due(queue_sending)
