from django.core.cache import cache
from wagtail.admin.panels import Panel

from . import client
from .models import Change
from .outbox import setting


def status(page):
    """The newest change of a page and how it stands; None for a page of which nothing was told."""
    change = Change.objects.filter(page=page.pk).last() if page.pk else None
    if change is None:
        return None
    return {"words": _words(change), "link": change.link}


def _words(change):
    if not change.told:
        return f"not told yet: {change.why}" if change.why else "waiting"
    if change.state == "changed":
        return "changed, goes out with the next release"
    if not change.request or not setting("TOKEN"):
        return "—" if not change.request else "waiting"
    key = f"pressrun.{change.request}"
    words = cache.get(key)
    if words is None:
        try:
            words = client.words(client.request(setting("HOOK"), setting("TOKEN"), change.request))
        except client.NotTaken as e:
            words = str(e)
        cache.set(key, words, 10)
    return words


class PressrunPanel(Panel):
    """Shows on a page's edit view since when its last change is live."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "pressrun/panel.html"

        def is_shown(self):
            return super().is_shown() and bool(self.instance.pk)

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            context["pressrun"] = status(self.instance)
            return context
