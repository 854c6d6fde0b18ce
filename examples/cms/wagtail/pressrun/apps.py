from django.apps import AppConfig


class PressrunConfig(AppConfig):
    name = "pressrun"
    verbose_name = "Pressrun"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import signals  # noqa: F401  # connects the receivers
