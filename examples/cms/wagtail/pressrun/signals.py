"""What happens to pages, as https://docs.wagtail.org/en/stable/reference/signals.html has it."""

from django.db.models.signals import post_save
from django.dispatch import receiver
from wagtail.models import Revision
from wagtail.signals import page_published, page_unpublished, post_page_move

from .outbox import put


@receiver(page_published, dispatch_uid="pressrun.published")
def published(sender, instance, revision=None, **kwargs):
    put(instance, "published", user=getattr(revision, "user", None), status="published")


@receiver(page_unpublished, dispatch_uid="pressrun.unpublished")
def unpublished(sender, instance, **kwargs):
    # Wagtail sends it for pages that are deleted while they are live, too.
    put(instance, "unpublished", status="unpublished", previous="published")


@receiver(post_page_move, dispatch_uid="pressrun.moved")
def moved(sender, instance, url_path_before="", url_path_after="", **kwargs):
    if instance.live and url_path_before != url_path_after:
        put(instance, "moved", action="updated", status="published", fields=["url"])


@receiver(post_save, sender=Revision, dispatch_uid="pressrun.scheduled")
def scheduled(sender, instance, **kwargs):
    """A revision that was approved to go live at a time: the release is asked for then.
    manage.py publish_scheduled, which publishes it, asks for one more."""
    if instance.approved_go_live_at is None or instance.base_content_type.model != "page":
        return
    page = instance.as_object()
    put(page, "scheduled", user=instance.user, status="scheduled", not_before=instance.approved_go_live_at.isoformat(timespec="seconds"))
