from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "biotech_ma.core"
    label = "core"
    verbose_name = "Core"
