from django.core.management.base import BaseCommand

from pressrun.outbox import tell_due


class Command(BaseCommand):
    help = "Tells Pressrun of the changes that it has not taken yet. Let cron call it each minute."

    def handle(self, *args, **options):
        self.stdout.write(f"told={tell_due()}")
