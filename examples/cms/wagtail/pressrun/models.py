from django.db import models
from django.utils import timezone


class Change(models.Model):
    """A change that the hook is told of. It is written in the transaction of the page,
    so that what is told happened, and what happened is told."""

    id = models.CharField(primary_key=True, max_length=64)  # the event's own, also when it is sent again
    page = models.PositiveIntegerField(db_index=True)
    event = models.JSONField()
    since = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    next = models.DateTimeField(default=timezone.now, db_index=True)
    told = models.BooleanField(default=False)
    why = models.TextField(blank=True)  # why it was not taken the last time
    request = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=32, blank=True)
    link = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ["since", "id"]
