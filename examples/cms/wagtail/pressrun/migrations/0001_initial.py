import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("page", models.PositiveIntegerField(db_index=True)),
                ("event", models.JSONField()),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("told", models.BooleanField(default=False)),
                ("why", models.TextField(blank=True)),
                ("request", models.CharField(blank=True, max_length=64)),
                ("state", models.CharField(blank=True, max_length=32)),
                ("link", models.URLField(blank=True, max_length=500)),
            ],
            options={"ordering": ["since", "id"]},
        ),
    ]
