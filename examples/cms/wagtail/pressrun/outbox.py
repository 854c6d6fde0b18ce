"""Changes on their way to the hook."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from . import client
from .models import Change

WAITS = [60, 60, 300, 900, 3600]  # seconds before each further try
KEEP = timedelta(days=1)  # after which a change that nobody took is given up


def setting(name):
    return getattr(settings, f"PRESSRUN_{name}", "")


def put(page, verb, user=None, **more):
    """Writes a change down, and sends it once the page is saved for good."""
    if not setting("HOOK"):
        return
    data = {
        "type": page.specific_class._meta.label if page.specific_class else "page",
        "id": str(page.pk),
        "title": page.title,
        "url": page.get_url() or "",
        "language": page.locale.language_code,
        "user": user.get_full_name() or user.get_username() if user else "",
        **more,
    }
    event = {
        "type": f"page.{verb}",
        "timestamp": timezone.now().isoformat(timespec="seconds"),
        "data": {name: value for name, value in data.items() if value != ""},
    }
    change = Change.objects.create(id=f"wagtail_{uuid.uuid4().hex}", page=page.pk, event=event)
    transaction.on_commit(lambda: tell(change))


def tell(change):
    """Tells the hook of a change. What is not taken, `manage.py pressrun_send` sends again."""
    now = timezone.now()
    try:
        told = client.send(setting("HOOK"), setting("SECRET"), change.id, change.event)
    except client.NotTaken as e:
        change.why = str(e)
        change.next = now + timedelta(seconds=WAITS[min(change.tries, len(WAITS) - 1)])
        change.tries += 1
        change.save(update_fields=["why", "next", "tries"])
        return False
    change.told, change.why = True, ""
    change.request, change.state = str(told.get("request", "")), str(told.get("state", ""))
    link = str(told.get("link", ""))
    change.link = link if link.startswith(("https://", "http://")) else ""
    change.save(update_fields=["told", "why", "request", "state", "link"])
    return True


def tell_due():
    """Sends what is due, and forgets what is old. Returns how many were told."""
    now = timezone.now()
    Change.objects.filter(since__lt=now - KEEP, told=False).delete()
    Change.objects.filter(since__lt=now - timedelta(days=90)).delete()
    return sum(tell(change) for change in Change.objects.filter(told=False, next__lte=now)[:500])
