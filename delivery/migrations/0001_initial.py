from django.db import migrations, models
import biotech_ma.core.crypto
import biotech_ma.core.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
import django.db.models.manager
import pgtrigger.compiler
import pgtrigger.migrations


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("companies", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("scoring", "0001_initial"),
        ("signals_app", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        serialize=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                ("name", models.CharField(db_comment="Name.", help_text="What it watches for.", max_length=255)),
                (
                    "alert_type",
                    models.CharField(
                        choices=[
                            ("score_threshold", "Score threshold"),
                            ("score_change", "Score change"),
                            ("new_signal", "New signal"),
                            ("watchlist_change", "Watchlist change"),
                            ("custom", "Custom"),
                        ],
                        db_comment="What sets it off.",
                        help_text="What sets it off.",
                        max_length=32,
                        verbose_name="type",
                    ),
                ),
                (
                    "condition",
                    models.JSONField(
                        blank=True,
                        db_comment="Condition tree.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Field, operator and value; and, or, not.",
                    ),
                ),
                (
                    "threshold_value",
                    models.DecimalField(
                        blank=True,
                        db_comment="NULL = none.",
                        decimal_places=4,
                        help_text="Score or change that sets it off.",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "company_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these companies; empty means all.",
                    ),
                ),
                (
                    "signal_types",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these types; empty means all.",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="Whether it watches.", db_default=True, default=True, help_text="Whether it watches."
                    ),
                ),
                (
                    "notification_channels",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of channels.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="inbox, email, slack, webhook.",
                    ),
                ),
                (
                    "recipients",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of e-mail addresses.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="E-mail addresses.",
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AlertTrigger",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        db_comment="Identifier of the cause, unique within the alert.",
                        help_text="Identifier of the cause: the same one triggers once.",
                        max_length=255,
                    ),
                ),
                (
                    "triggered_at",
                    models.DateTimeField(
                        db_comment="When it went off.",
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When it went off.",
                    ),
                ),
                ("reason", models.TextField(db_comment="Why, in one line.", help_text="Why, in one line.")),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        db_comment="Values at that moment.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Values at that moment.",
                    ),
                ),
            ],
            options={
                "db_table": "alert_triggers",
                "db_table_comment": "History of alerts.",
                "ordering": ["-triggered_at", "-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                (
                    "client_name",
                    models.CharField(
                        db_comment="Who holds the key.",
                        help_text="Who holds the key.",
                        max_length=255,
                        verbose_name="name",
                    ),
                ),
                (
                    "api_key",
                    models.CharField(
                        db_comment="SHA-256 of the key, hexadecimal.",
                        editable=False,
                        help_text="SHA-256 of the key, never the key.",
                        max_length=64,
                    ),
                ),
                (
                    "key_prefix",
                    models.CharField(
                        db_comment="The part of the key that is not secret.",
                        editable=False,
                        help_text="The part of the key that is not secret.",
                        max_length=16,
                    ),
                ),
                (
                    "client_type",
                    models.CharField(
                        choices=[
                            ("internal", "Internal"),
                            ("hedge_fund", "Hedge fund"),
                            ("private_equity", "Private equity"),
                            ("pharma", "Pharma business development"),
                            ("other", "Other"),
                        ],
                        db_comment="Who they are.",
                        db_default="internal",
                        default="internal",
                        help_text="Who they are.",
                        max_length=32,
                    ),
                ),
                (
                    "scopes",
                    models.JSONField(
                        blank=True,
                        db_comment="Array: read, write:<resource>, admin.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="read, write:<resource>, admin.",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="False = revoked.",
                        db_default=True,
                        default=True,
                        help_text="A revoked key is not active.",
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = never.", help_text="When the key stops working.", null=True
                    ),
                ),
                (
                    "allowed_endpoints",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Resources it may call; empty means all.",
                    ),
                ),
                (
                    "rate_limit_per_hour",
                    models.PositiveIntegerField(
                        db_comment="Requests in a UTC hour.",
                        db_default=10000,
                        default=10000,
                        help_text="Requests in a UTC hour.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "watchlist_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of tickers.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Companies they follow.",
                    ),
                ),
                (
                    "notification_preferences",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="How they want to hear of things.",
                    ),
                ),
                (
                    "custom_thresholds",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Their own thresholds.",
                    ),
                ),
                (
                    "last_access",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = never.", editable=False, help_text="Last call.", null=True
                    ),
                ),
                (
                    "request_count",
                    models.PositiveBigIntegerField(
                        db_comment="Calls so far.", db_default=0, default=0, editable=False, help_text="Calls so far."
                    ),
                ),
                (
                    "contact_email",
                    models.EmailField(
                        blank=True,
                        db_comment="NULL = unknown.",
                        help_text="Whom to write to.",
                        max_length=254,
                        null=True,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "verbose_name": "API client",
                "db_table": "clients",
                "db_table_comment": "Holders of API keys.",
                "ordering": ["client_name", "id"],
                "abstract": False,
                "base_manager_name": "all_objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ClientEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        serialize=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                (
                    "client_name",
                    models.CharField(
                        db_comment="Who holds the key.",
                        help_text="Who holds the key.",
                        max_length=255,
                        verbose_name="name",
                    ),
                ),
                (
                    "key_prefix",
                    models.CharField(
                        db_comment="The part of the key that is not secret.",
                        editable=False,
                        help_text="The part of the key that is not secret.",
                        max_length=16,
                    ),
                ),
                (
                    "client_type",
                    models.CharField(
                        choices=[
                            ("internal", "Internal"),
                            ("hedge_fund", "Hedge fund"),
                            ("private_equity", "Private equity"),
                            ("pharma", "Pharma business development"),
                            ("other", "Other"),
                        ],
                        db_comment="Who they are.",
                        db_default="internal",
                        default="internal",
                        help_text="Who they are.",
                        max_length=32,
                    ),
                ),
                (
                    "scopes",
                    models.JSONField(
                        blank=True,
                        db_comment="Array: read, write:<resource>, admin.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="read, write:<resource>, admin.",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="False = revoked.",
                        db_default=True,
                        default=True,
                        help_text="A revoked key is not active.",
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = never.", help_text="When the key stops working.", null=True
                    ),
                ),
                (
                    "allowed_endpoints",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Resources it may call; empty means all.",
                    ),
                ),
                (
                    "rate_limit_per_hour",
                    models.PositiveIntegerField(
                        db_comment="Requests in a UTC hour.",
                        db_default=10000,
                        default=10000,
                        help_text="Requests in a UTC hour.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "watchlist_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of tickers.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Companies they follow.",
                    ),
                ),
                (
                    "notification_preferences",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="How they want to hear of things.",
                    ),
                ),
                (
                    "custom_thresholds",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Their own thresholds.",
                    ),
                ),
                (
                    "contact_email",
                    models.EmailField(
                        blank=True,
                        db_comment="NULL = unknown.",
                        help_text="Whom to write to.",
                        max_length=254,
                        null=True,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                (
                    "report_type",
                    models.CharField(
                        choices=[
                            ("daily_digest", "Daily digest"),
                            ("weekly_watchlist", "Weekly watchlist"),
                            ("deep_dive", "Deep dive"),
                            ("acquirer_analysis", "Acquirer analysis"),
                            ("alert", "Alert"),
                        ],
                        db_comment="What it is about.",
                        help_text="What it is about.",
                        max_length=32,
                        verbose_name="type",
                    ),
                ),
                (
                    "report_date",
                    models.DateField(db_comment="The day it reports on.", help_text="The day it reports on."),
                ),
                (
                    "period_start",
                    models.DateField(
                        blank=True, db_comment="NULL = one day.", help_text="First day covered.", null=True
                    ),
                ),
                (
                    "period_end",
                    models.DateField(
                        blank=True, db_comment="NULL = one day.", help_text="Last day covered.", null=True
                    ),
                ),
                ("title", models.CharField(db_comment="Title.", help_text="Title.", max_length=500)),
                (
                    "summary",
                    models.TextField(
                        blank=True, db_comment="NULL = none.", help_text="The gist.", max_length=20000, null=True
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("html", "HTML"), ("pdf", "PDF"), ("json", "JSON"), ("csv", "CSV"), ("xlsx", "Excel")],
                        db_comment="File format.",
                        db_default="html",
                        default="html",
                        help_text="html, pdf, json, csv or xlsx.",
                        max_length=8,
                    ),
                ),
                (
                    "s3_key",
                    models.CharField(
                        blank=True,
                        db_comment="NULL = not in S3.",
                        help_text="Key in the bucket.",
                        max_length=1024,
                        null=True,
                    ),
                ),
                (
                    "s3_bucket",
                    models.CharField(
                        blank=True, db_comment="NULL = not in S3.", help_text="Bucket.", max_length=255, null=True
                    ),
                ),
                (
                    "local_path",
                    models.CharField(
                        blank=True,
                        db_comment="NULL = not on disk.",
                        help_text="Path in the file storage.",
                        max_length=1024,
                        null=True,
                    ),
                ),
                (
                    "file_size_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, db_comment="Bytes. NULL = no file.", help_text="Size in bytes.", null=True
                    ),
                ),
                (
                    "recipients",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of e-mail addresses.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="E-mail addresses.",
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = not sent.", help_text="When it went out.", null=True
                    ),
                ),
                (
                    "delivery_status",
                    models.CharField(
                        choices=[("queued", "Queued"), ("ready", "Ready"), ("sent", "Sent"), ("failed", "Failed")],
                        db_comment="queued, ready, sent or failed.",
                        db_default="queued",
                        default="queued",
                        help_text="Queued, ready, sent or failed.",
                        max_length=16,
                    ),
                ),
                (
                    "companies_included",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of tickers.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Tickers.",
                    ),
                ),
                (
                    "key_findings",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of lines.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="One line each.",
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "db_table": "reports",
                "db_table_comment": "Reports and their delivery.",
                "ordering": ["-report_date", "-id"],
                "abstract": False,
                "base_manager_name": "all_objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ReportEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        serialize=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                (
                    "report_type",
                    models.CharField(
                        choices=[
                            ("daily_digest", "Daily digest"),
                            ("weekly_watchlist", "Weekly watchlist"),
                            ("deep_dive", "Deep dive"),
                            ("acquirer_analysis", "Acquirer analysis"),
                            ("alert", "Alert"),
                        ],
                        db_comment="What it is about.",
                        help_text="What it is about.",
                        max_length=32,
                        verbose_name="type",
                    ),
                ),
                (
                    "report_date",
                    models.DateField(db_comment="The day it reports on.", help_text="The day it reports on."),
                ),
                (
                    "period_start",
                    models.DateField(
                        blank=True, db_comment="NULL = one day.", help_text="First day covered.", null=True
                    ),
                ),
                (
                    "period_end",
                    models.DateField(
                        blank=True, db_comment="NULL = one day.", help_text="Last day covered.", null=True
                    ),
                ),
                ("title", models.CharField(db_comment="Title.", help_text="Title.", max_length=500)),
                (
                    "summary",
                    models.TextField(
                        blank=True, db_comment="NULL = none.", help_text="The gist.", max_length=20000, null=True
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("html", "HTML"), ("pdf", "PDF"), ("json", "JSON"), ("csv", "CSV"), ("xlsx", "Excel")],
                        db_comment="File format.",
                        db_default="html",
                        default="html",
                        help_text="html, pdf, json, csv or xlsx.",
                        max_length=8,
                    ),
                ),
                (
                    "s3_key",
                    models.CharField(
                        blank=True,
                        db_comment="NULL = not in S3.",
                        help_text="Key in the bucket.",
                        max_length=1024,
                        null=True,
                    ),
                ),
                (
                    "s3_bucket",
                    models.CharField(
                        blank=True, db_comment="NULL = not in S3.", help_text="Bucket.", max_length=255, null=True
                    ),
                ),
                (
                    "local_path",
                    models.CharField(
                        blank=True,
                        db_comment="NULL = not on disk.",
                        help_text="Path in the file storage.",
                        max_length=1024,
                        null=True,
                    ),
                ),
                (
                    "file_size_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, db_comment="Bytes. NULL = no file.", help_text="Size in bytes.", null=True
                    ),
                ),
                (
                    "recipients",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of e-mail addresses.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="E-mail addresses.",
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = not sent.", help_text="When it went out.", null=True
                    ),
                ),
                (
                    "delivery_status",
                    models.CharField(
                        choices=[("queued", "Queued"), ("ready", "Ready"), ("sent", "Sent"), ("failed", "Failed")],
                        db_comment="queued, ready, sent or failed.",
                        db_default="queued",
                        default="queued",
                        help_text="Queued, ready, sent or failed.",
                        max_length=16,
                    ),
                ),
                (
                    "companies_included",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of tickers.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Tickers.",
                    ),
                ),
                (
                    "key_findings",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of lines.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="One line each.",
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                ("name", models.CharField(db_comment="Name.", help_text="Whose endpoint it is.", max_length=255)),
                (
                    "url",
                    models.URLField(
                        db_comment="Address that receives the events.",
                        help_text="https address that receives the events.",
                        max_length=2000,
                    ),
                ),
                (
                    "secret",
                    biotech_ma.core.crypto.EncryptedTextField(
                        db_comment="Signing secret, encrypted.", editable=False, help_text="Signing secret; shown once."
                    ),
                ),
                (
                    "previous_secret",
                    biotech_ma.core.crypto.EncryptedTextField(
                        blank=True,
                        db_comment="Valid until previous_secret_until, encrypted. NULL = none.",
                        editable=False,
                        help_text="Valid during rotation.",
                        null=True,
                    ),
                ),
                (
                    "previous_secret_until",
                    models.DateTimeField(
                        blank=True,
                        db_comment="NULL = no rotation under way.",
                        editable=False,
                        help_text="Until when the former secret also signs.",
                        null=True,
                    ),
                ),
                (
                    "event_types",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Events it wants; empty means all.",
                    ),
                ),
                (
                    "company_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these companies; empty means all.",
                    ),
                ),
                (
                    "min_score",
                    models.DecimalField(
                        blank=True,
                        db_comment="0-100. NULL = any.",
                        decimal_places=4,
                        help_text="Only companies with at least this score.",
                        max_digits=7,
                        null=True,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="Whether it is told.", db_default=True, default=True, help_text="Whether it is told."
                    ),
                ),
                (
                    "last_triggered",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = never.", editable=False, help_text="Last attempt.", null=True
                    ),
                ),
                (
                    "success_count",
                    models.PositiveBigIntegerField(
                        db_comment="Deliveries that arrived.",
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="Deliveries that arrived.",
                    ),
                ),
                (
                    "failure_count",
                    models.PositiveBigIntegerField(
                        db_comment="Attempts that failed.",
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="Attempts that failed.",
                    ),
                ),
                (
                    "last_error",
                    models.TextField(
                        blank=True,
                        db_comment="NULL = the last attempt arrived.",
                        editable=False,
                        help_text="Cleared by a success.",
                        null=True,
                    ),
                ),
                (
                    "retry_policy",
                    models.JSONField(
                        blank=True,
                        db_comment='{"delays": [seconds, …]}; empty = the default schedule.',
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text='Seconds between attempts: {"delays": [5, 300]}. Empty means the default.',
                    ),
                ),
                (
                    "timeout_seconds",
                    models.PositiveSmallIntegerField(
                        db_comment="Seconds, 1-60.",
                        db_default=15,
                        default=15,
                        help_text="How long an answer may take.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "db_table": "webhooks",
                "db_table_comment": "Endpoints that are told of events.",
                "ordering": ["name", "id"],
                "abstract": False,
                "base_manager_name": "all_objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("signal.created", "Signal created"),
                            ("score.updated", "Score updated"),
                            ("match.updated", "Match updated"),
                            ("alert.triggered", "Alert triggered"),
                            ("report.ready", "Report ready"),
                            ("ping", "Ping"),
                        ],
                        db_comment="Kind of event.",
                        help_text="Kind of event.",
                        max_length=32,
                    ),
                ),
                (
                    "body",
                    models.BinaryField(
                        db_comment="The exact bytes that are signed and sent.",
                        help_text="The exact bytes that are signed and sent.",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")],
                        db_comment="pending, delivered or failed.",
                        db_default="pending",
                        default="pending",
                        help_text="pending, delivered or failed.",
                        max_length=16,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        db_comment="Attempts so far.", db_default=0, default=0, help_text="Attempts so far."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="NULL = no further attempt.",
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When it is due.",
                        null=True,
                    ),
                ),
                (
                    "delivered_at",
                    models.DateTimeField(
                        blank=True, db_comment="NULL = not yet.", help_text="When it arrived.", null=True
                    ),
                ),
                (
                    "response_status",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        db_comment="NULL = no answer.",
                        help_text="HTTP status of the last answer.",
                        null=True,
                    ),
                ),
                (
                    "response_body",
                    models.TextField(
                        blank=True, db_comment="Capped. NULL = none.", help_text="Start of the last answer.", null=True
                    ),
                ),
                (
                    "error",
                    models.TextField(
                        blank=True, db_comment="NULL = none.", help_text="Why the last attempt failed.", null=True
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "db_table": "webhook_deliveries",
                "db_table_comment": "Delivery log of the webhooks.",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        serialize=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                ("name", models.CharField(db_comment="Name.", help_text="Whose endpoint it is.", max_length=255)),
                (
                    "url",
                    models.URLField(
                        db_comment="Address that receives the events.",
                        help_text="https address that receives the events.",
                        max_length=2000,
                    ),
                ),
                (
                    "previous_secret_until",
                    models.DateTimeField(
                        blank=True,
                        db_comment="NULL = no rotation under way.",
                        editable=False,
                        help_text="Until when the former secret also signs.",
                        null=True,
                    ),
                ),
                (
                    "event_types",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Events it wants; empty means all.",
                    ),
                ),
                (
                    "company_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these companies; empty means all.",
                    ),
                ),
                (
                    "min_score",
                    models.DecimalField(
                        blank=True,
                        db_comment="0-100. NULL = any.",
                        decimal_places=4,
                        help_text="Only companies with at least this score.",
                        max_digits=7,
                        null=True,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="Whether it is told.", db_default=True, default=True, help_text="Whether it is told."
                    ),
                ),
                (
                    "retry_policy",
                    models.JSONField(
                        blank=True,
                        db_comment='{"delays": [seconds, …]}; empty = the default schedule.',
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text='Seconds between attempts: {"delays": [5, 300]}. Empty means the default.',
                    ),
                ),
                (
                    "timeout_seconds",
                    models.PositiveSmallIntegerField(
                        db_comment="Seconds, 1-60.",
                        db_default=15,
                        default=15,
                        help_text="How long an answer may take.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="UUID v7: its order is the order of creation.",
                        db_default=biotech_ma.core.fields.UUIDv7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When the row was written. Set by the server.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_comment="When the row last changed. Kept by a trigger.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="When the row was archived. NULL = live.",
                        editable=False,
                        null=True,
                        verbose_name="archived at",
                    ),
                ),
                ("name", models.CharField(db_comment="Name.", help_text="What it watches for.", max_length=255)),
                (
                    "alert_type",
                    models.CharField(
                        choices=[
                            ("score_threshold", "Score threshold"),
                            ("score_change", "Score change"),
                            ("new_signal", "New signal"),
                            ("watchlist_change", "Watchlist change"),
                            ("custom", "Custom"),
                        ],
                        db_comment="What sets it off.",
                        help_text="What sets it off.",
                        max_length=32,
                        verbose_name="type",
                    ),
                ),
                (
                    "condition",
                    models.JSONField(
                        blank=True,
                        db_comment="Condition tree.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Field, operator and value; and, or, not.",
                    ),
                ),
                (
                    "threshold_value",
                    models.DecimalField(
                        blank=True,
                        db_comment="NULL = none.",
                        decimal_places=4,
                        help_text="Score or change that sets it off.",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "company_tickers",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these companies; empty means all.",
                    ),
                ),
                (
                    "signal_types",
                    models.JSONField(
                        blank=True,
                        db_comment="Array; empty = all.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Only these types; empty means all.",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_comment="Whether it watches.", db_default=True, default=True, help_text="Whether it watches."
                    ),
                ),
                (
                    "last_triggered",
                    models.DateTimeField(
                        blank=True,
                        db_comment="NULL = never.",
                        editable=False,
                        help_text="When it last went off.",
                        null=True,
                    ),
                ),
                (
                    "trigger_count",
                    models.PositiveIntegerField(
                        db_comment="How often it went off.",
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="How often it went off.",
                    ),
                ),
                (
                    "notification_channels",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of channels.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="inbox, email, slack, webhook.",
                    ),
                ),
                (
                    "recipients",
                    models.JSONField(
                        blank=True,
                        db_comment="Array of e-mail addresses.",
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="E-mail addresses.",
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        db_comment="Free object.",
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Anything else worth keeping.",
                    ),
                ),
            ],
            options={
                "db_table": "alerts",
                "db_table_comment": "Standing questions of the desk.",
                "ordering": ["name", "id"],
                "abstract": False,
                "base_manager_name": "all_objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=["alert_type", "is_active"],
                        name="alerts_type_active_idx",
                    ),
                    models.Index(
                        condition=models.Q(("deleted_at__isnull", True), _negated=True),
                        fields=["deleted_at"],
                        name="alerts_archived_idx",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "alert_type__in",
                                ["score_threshold", "score_change", "new_signal", "watchlist_change", "custom"],
                            )
                        ),
                        name="alerts_type_known",
                        violation_error_message="Alert type must be one of: score_threshold, score_change, new_signal, watchlist_change, custom.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("notification_channels"),
                                    function="jsonb_typeof",
                                    output_field=models.TextField(),
                                ),
                                models.Value("array"),
                            ),
                            ("notification_channels__contained_by", ["inbox", "email", "slack", "webhook"]),
                        ),
                        name="alerts_channels_known",
                        violation_error_message="Channels are a list of: inbox, email, slack, webhook.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("company_tickers"),
                                    function="jsonb_typeof",
                                    output_field=models.TextField(),
                                ),
                                models.Value("array"),
                            )
                        ),
                        name="alerts_company_tickers_is_array",
                        violation_error_message="Company tickers is a JSON array.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("signal_types"), function="jsonb_typeof", output_field=models.TextField()
                                ),
                                models.Value("array"),
                            )
                        ),
                        name="alerts_signal_types_is_array",
                        violation_error_message="Signal types is a JSON array.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("recipients"), function="jsonb_typeof", output_field=models.TextField()
                                ),
                                models.Value("array"),
                            )
                        ),
                        name="alerts_recipients_is_array",
                        violation_error_message="Recipients is a JSON array.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("condition"), function="jsonb_typeof", output_field=models.TextField()
                                ),
                                models.Value("object"),
                            )
                        ),
                        name="alerts_condition_is_object",
                        violation_error_message="Condition is a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()
                                ),
                                models.Value("object"),
                            )
                        ),
                        name="alerts_metadata_is_object",
                        violation_error_message="Metadata is a JSON object.",
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="a8e8282234c88d933e9758683f159fd855206f69",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_0de16",
                    table="alerts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_alertevent" ("alert_type", "company_tickers", "condition", "deleted_at", "id", "is_active", "metadata", "name", "notification_channels", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "signal_types", "threshold_value") SELECT new_values."alert_type", new_values."company_tickers", new_values."condition", new_values."deleted_at", new_values."id", new_values."is_active", new_values."metadata", new_values."name", new_values."notification_channels", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."recipients", new_values."signal_types", new_values."threshold_value" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="858e9f18332935d41b2a72499cf22c7561263bd4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2021d",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="alerts",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_alertevent" ("alert_type", "company_tickers", "condition", "deleted_at", "id", "is_active", "metadata", "name", "notification_channels", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "signal_types", "threshold_value") SELECT new_values."alert_type", new_values."company_tickers", new_values."condition", new_values."deleted_at", new_values."id", new_values."is_active", new_values."metadata", new_values."name", new_values."notification_channels", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."recipients", new_values."signal_types", new_values."threshold_value" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."alert_type" IS DISTINCT FROM (new_values."alert_type") OR old_values."company_tickers" IS DISTINCT FROM (new_values."company_tickers") OR old_values."condition" IS DISTINCT FROM (new_values."condition") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."metadata" IS DISTINCT FROM (new_values."metadata") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."notification_channels" IS DISTINCT FROM (new_values."notification_channels") OR old_values."recipients" IS DISTINCT FROM (new_values."recipients") OR old_values."signal_types" IS DISTINCT FROM (new_values."signal_types") OR old_values."threshold_value" IS DISTINCT FROM (new_values."threshold_value")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="444bad5d62cde59e64769538e0b3b45ac67c11cb",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_fb329",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="alerts",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_alertevent" ("alert_type", "company_tickers", "condition", "deleted_at", "id", "is_active", "metadata", "name", "notification_channels", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "signal_types", "threshold_value") SELECT old_values."alert_type", old_values."company_tickers", old_values."condition", old_values."deleted_at", old_values."id", old_values."is_active", old_values."metadata", old_values."name", old_values."notification_channels", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."recipients", old_values."signal_types", old_values."threshold_value" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="cb7bda287e1beaae4b49d069a422cec66914ab9c",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5961a",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="alerts",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="alertevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="alertevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                related_query_name="history",
                to="delivery.alert",
            ),
        ),
        migrations.AddField(
            model_name="alerttrigger",
            name="alert",
            field=models.ForeignKey(
                db_comment="The alert.",
                db_index=False,
                help_text="The alert.",
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="triggers",
                to="delivery.alert",
            ),
        ),
        migrations.AddField(
            model_name="alerttrigger",
            name="company",
            field=models.ForeignKey(
                blank=True,
                db_comment="NULL = no single company.",
                db_index=False,
                help_text="Whom it concerns.",
                null=True,
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="alert_triggers",
                to="companies.company",
            ),
        ),
        migrations.AddField(
            model_name="alerttrigger",
            name="score",
            field=models.ForeignKey(
                blank=True,
                db_comment="NULL = none.",
                db_index=False,
                help_text="The score behind it.",
                null=True,
                on_delete=django.db.models.deletion.DB_SET_NULL,
                related_name="alert_triggers",
                to="scoring.mascore",
            ),
        ),
        migrations.AddField(
            model_name="alerttrigger",
            name="signal",
            field=models.ForeignKey(
                blank=True,
                db_comment="NULL = none.",
                db_index=False,
                help_text="The signal behind it.",
                null=True,
                on_delete=django.db.models.deletion.DB_SET_NULL,
                related_name="alert_triggers",
                to="signals_app.signal",
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("is_active", True)),
                fields=["client_name"],
                name="clients_active_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), _negated=True),
                fields=["deleted_at"],
                name="clients_archived_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("allowed_endpoints"), function="jsonb_typeof", output_field=models.TextField()
                        ),
                        models.Value("array"),
                    )
                ),
                name="clients_allowed_endpoints_is_array",
                violation_error_message="Allowed endpoints is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("watchlist_tickers"), function="jsonb_typeof", output_field=models.TextField()
                        ),
                        models.Value("array"),
                    )
                ),
                name="clients_watchlist_tickers_is_array",
                violation_error_message="Watchlist tickers is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("notification_preferences"),
                            function="jsonb_typeof",
                            output_field=models.TextField(),
                        ),
                        models.Value("object"),
                    )
                ),
                name="clients_notification_preferences_is_object",
                violation_error_message="Notification preferences is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("custom_thresholds"), function="jsonb_typeof", output_field=models.TextField()
                        ),
                        models.Value("object"),
                    )
                ),
                name="clients_custom_thresholds_is_object",
                violation_error_message="Custom thresholds is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("object"),
                    )
                ),
                name="clients_metadata_is_object",
                violation_error_message="Metadata is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("client_type__in", ["internal", "hedge_fund", "private_equity", "pharma", "other"])
                ),
                name="clients_type_known",
                violation_error_message="Client type must be one of: internal, hedge_fund, private_equity, pharma, other.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                fields=("api_key",), name="clients_api_key_uniq", violation_error_message="Another client has this key."
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("scopes"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("array"),
                    ),
                    (
                        "scopes__contained_by",
                        [
                            "read",
                            "write:companies",
                            "write:drug-candidates",
                            "write:signals",
                            "write:reports",
                            "write:alerts",
                            "write:webhooks",
                            "admin",
                        ],
                    ),
                ),
                name="clients_scopes_known",
                violation_error_message="Scopes are a list of: read, write:companies, write:drug-candidates, write:signals, write:reports, write:alerts, write:webhooks, admin.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(("api_key__regex", "^[0-9a-f]{64}$")),
                name="clients_api_key_form",
                violation_error_message="Only the SHA-256 of a key is kept.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate_limit_per_hour__gte", 1), ("rate_limit_per_hour__isnull", True), _connector="OR"
                ),
                name="clients_rate_limit_positive",
                violation_error_message="A limit is at least one request an hour.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="client",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="cdf3096e48e517d3120b743ff75ea493ce8b7a25",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_9ff18",
                    table="clients",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="client",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_clientevent" ("allowed_endpoints", "client_name", "client_type", "contact_email", "custom_thresholds", "deleted_at", "expires_at", "id", "is_active", "key_prefix", "metadata", "notification_preferences", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_limit_per_hour", "scopes", "watchlist_tickers") SELECT new_values."allowed_endpoints", new_values."client_name", new_values."client_type", new_values."contact_email", new_values."custom_thresholds", new_values."deleted_at", new_values."expires_at", new_values."id", new_values."is_active", new_values."key_prefix", new_values."metadata", new_values."notification_preferences", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."rate_limit_per_hour", new_values."scopes", new_values."watchlist_tickers" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="c7ac46319121f51f375b25a0d12a7ff701514261",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b290a",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="clients",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="client",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_clientevent" ("allowed_endpoints", "client_name", "client_type", "contact_email", "custom_thresholds", "deleted_at", "expires_at", "id", "is_active", "key_prefix", "metadata", "notification_preferences", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_limit_per_hour", "scopes", "watchlist_tickers") SELECT new_values."allowed_endpoints", new_values."client_name", new_values."client_type", new_values."contact_email", new_values."custom_thresholds", new_values."deleted_at", new_values."expires_at", new_values."id", new_values."is_active", new_values."key_prefix", new_values."metadata", new_values."notification_preferences", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."rate_limit_per_hour", new_values."scopes", new_values."watchlist_tickers" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."allowed_endpoints" IS DISTINCT FROM (new_values."allowed_endpoints") OR old_values."client_name" IS DISTINCT FROM (new_values."client_name") OR old_values."client_type" IS DISTINCT FROM (new_values."client_type") OR old_values."contact_email" IS DISTINCT FROM (new_values."contact_email") OR old_values."custom_thresholds" IS DISTINCT FROM (new_values."custom_thresholds") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."expires_at" IS DISTINCT FROM (new_values."expires_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."key_prefix" IS DISTINCT FROM (new_values."key_prefix") OR old_values."metadata" IS DISTINCT FROM (new_values."metadata") OR old_values."notification_preferences" IS DISTINCT FROM (new_values."notification_preferences") OR old_values."rate_limit_per_hour" IS DISTINCT FROM (new_values."rate_limit_per_hour") OR old_values."scopes" IS DISTINCT FROM (new_values."scopes") OR old_values."watchlist_tickers" IS DISTINCT FROM (new_values."watchlist_tickers")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="a84a53fb8e4ca46bb078b990ee8cefc3bc43040b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_5e129",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="clients",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="client",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_clientevent" ("allowed_endpoints", "client_name", "client_type", "contact_email", "custom_thresholds", "deleted_at", "expires_at", "id", "is_active", "key_prefix", "metadata", "notification_preferences", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_limit_per_hour", "scopes", "watchlist_tickers") SELECT old_values."allowed_endpoints", old_values."client_name", old_values."client_type", old_values."contact_email", old_values."custom_thresholds", old_values."deleted_at", old_values."expires_at", old_values."id", old_values."is_active", old_values."key_prefix", old_values."metadata", old_values."notification_preferences", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."rate_limit_per_hour", old_values."scopes", old_values."watchlist_tickers" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="57e4d019a056b3fa725f1c553be5c6889cf7a8d1",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_104d5",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="clients",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="clientevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="clientevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                related_query_name="history",
                to="delivery.client",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["report_type", "-report_date"], name="reports_type_date_idx"),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["-report_date", "-id"], name="reports_date_idx"),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), _negated=True),
                fields=["deleted_at"],
                name="reports_archived_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("recipients"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("array"),
                    )
                ),
                name="reports_recipients_is_array",
                violation_error_message="Recipients is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("companies_included"), function="jsonb_typeof", output_field=models.TextField()
                        ),
                        models.Value("array"),
                    )
                ),
                name="reports_companies_included_is_array",
                violation_error_message="Companies included is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("key_findings"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("array"),
                    )
                ),
                name="reports_key_findings_is_array",
                violation_error_message="Key findings is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("object"),
                    )
                ),
                name="reports_metadata_is_object",
                violation_error_message="Metadata is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("report_type__in", ["daily_digest", "weekly_watchlist", "deep_dive", "acquirer_analysis", "alert"])
                ),
                name="reports_type_known",
                violation_error_message="Report type must be one of: daily_digest, weekly_watchlist, deep_dive, acquirer_analysis, alert.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("format__in", ["html", "pdf", "json", "csv", "xlsx"])),
                name="reports_format_known",
                violation_error_message="Format must be one of: html, pdf, json, csv, xlsx.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivery_status__in", ["queued", "ready", "sent", "failed"])),
                name="reports_status_known",
                violation_error_message="Delivery status must be one of: queued, ready, sent, failed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("period_end__gte", models.F("period_start")),
                    ("period_start__isnull", True),
                    ("period_end__isnull", True),
                    _connector="OR",
                ),
                name="reports_period_ordered",
                violation_error_message="A period ends after it starts.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="report",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="be55decca69dd7c2e2dfd8193b5d0ccbc7fbc7e2",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_f30cd",
                    table="reports",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="report",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_reportevent" ("companies_included", "deleted_at", "delivery_status", "file_size_bytes", "format", "id", "key_findings", "local_path", "metadata", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "report_date", "report_type", "s3_bucket", "s3_key", "sent_at", "summary", "title") SELECT new_values."companies_included", new_values."deleted_at", new_values."delivery_status", new_values."file_size_bytes", new_values."format", new_values."id", new_values."key_findings", new_values."local_path", new_values."metadata", new_values."period_end", new_values."period_start", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."recipients", new_values."report_date", new_values."report_type", new_values."s3_bucket", new_values."s3_key", new_values."sent_at", new_values."summary", new_values."title" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="0b69f1d676a0871c8c95e37cc5a1a0e3c25e8cbb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e38ec",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="reports",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="report",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_reportevent" ("companies_included", "deleted_at", "delivery_status", "file_size_bytes", "format", "id", "key_findings", "local_path", "metadata", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "report_date", "report_type", "s3_bucket", "s3_key", "sent_at", "summary", "title") SELECT new_values."companies_included", new_values."deleted_at", new_values."delivery_status", new_values."file_size_bytes", new_values."format", new_values."id", new_values."key_findings", new_values."local_path", new_values."metadata", new_values."period_end", new_values."period_start", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."recipients", new_values."report_date", new_values."report_type", new_values."s3_bucket", new_values."s3_key", new_values."sent_at", new_values."summary", new_values."title" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."companies_included" IS DISTINCT FROM (new_values."companies_included") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."delivery_status" IS DISTINCT FROM (new_values."delivery_status") OR old_values."file_size_bytes" IS DISTINCT FROM (new_values."file_size_bytes") OR old_values."format" IS DISTINCT FROM (new_values."format") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."key_findings" IS DISTINCT FROM (new_values."key_findings") OR old_values."local_path" IS DISTINCT FROM (new_values."local_path") OR old_values."metadata" IS DISTINCT FROM (new_values."metadata") OR old_values."period_end" IS DISTINCT FROM (new_values."period_end") OR old_values."period_start" IS DISTINCT FROM (new_values."period_start") OR old_values."recipients" IS DISTINCT FROM (new_values."recipients") OR old_values."report_date" IS DISTINCT FROM (new_values."report_date") OR old_values."report_type" IS DISTINCT FROM (new_values."report_type") OR old_values."s3_bucket" IS DISTINCT FROM (new_values."s3_bucket") OR old_values."s3_key" IS DISTINCT FROM (new_values."s3_key") OR old_values."sent_at" IS DISTINCT FROM (new_values."sent_at") OR old_values."summary" IS DISTINCT FROM (new_values."summary") OR old_values."title" IS DISTINCT FROM (new_values."title")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="cfb0afed1616f464bc656643d71c862d99576f48",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ac621",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="reports",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="report",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_reportevent" ("companies_included", "deleted_at", "delivery_status", "file_size_bytes", "format", "id", "key_findings", "local_path", "metadata", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "report_date", "report_type", "s3_bucket", "s3_key", "sent_at", "summary", "title") SELECT old_values."companies_included", old_values."deleted_at", old_values."delivery_status", old_values."file_size_bytes", old_values."format", old_values."id", old_values."key_findings", old_values."local_path", old_values."metadata", old_values."period_end", old_values."period_start", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."recipients", old_values."report_date", old_values."report_type", old_values."s3_bucket", old_values."s3_key", old_values."sent_at", old_values."summary", old_values."title" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="f1c6b7e12d1e2b11e2ea854ee61e5892c449f869",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_757f5",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="reports",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="reportevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="reportevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                related_query_name="history",
                to="delivery.report",
            ),
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("is_active", True)),
                fields=["name"],
                name="webhooks_active_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), _negated=True),
                fields=["deleted_at"],
                name="webhooks_archived_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("event_types"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("array"),
                    ),
                    (
                        "event_types__contained_by",
                        ["signal.created", "score.updated", "match.updated", "alert.triggered", "report.ready", "ping"],
                    ),
                ),
                name="webhooks_events_known",
                violation_error_message="Event types are a list of: signal.created, score.updated, match.updated, alert.triggered, report.ready, ping.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("company_tickers"), function="jsonb_typeof", output_field=models.TextField()
                        ),
                        models.Value("array"),
                    )
                ),
                name="webhooks_company_tickers_is_array",
                violation_error_message="Company tickers is a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("retry_policy"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("object"),
                    )
                ),
                name="webhooks_retry_policy_is_object",
                violation_error_message="Retry policy is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                        models.Value("object"),
                    )
                ),
                name="webhooks_metadata_is_object",
                violation_error_message="Metadata is a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__regex", "^https?://[^/@\\s]+(/\\S*)?$")),
                name="webhooks_url_form",
                violation_error_message="An http or https address without credentials.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("min_score__gte", 0), ("min_score__lte", 100)),
                    ("min_score__isnull", True),
                    _connector="OR",
                ),
                name="webhooks_min_score_range",
                violation_error_message="A score lies between 0 and 100.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("timeout_seconds__gte", 1), ("timeout_seconds__lte", 60)),
                    ("timeout_seconds__isnull", True),
                    _connector="OR",
                ),
                name="webhooks_timeout_range",
                violation_error_message="A timeout lies between 1 and 60 seconds.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhook",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="7f6c10958379d3fae0254479a1147ff4fca70b14",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_53f59",
                    table="webhooks",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhook",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_webhookevent" ("company_tickers", "deleted_at", "event_types", "id", "is_active", "metadata", "min_score", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_secret_until", "retry_policy", "timeout_seconds", "url") SELECT new_values."company_tickers", new_values."deleted_at", new_values."event_types", new_values."id", new_values."is_active", new_values."metadata", new_values."min_score", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."previous_secret_until", new_values."retry_policy", new_values."timeout_seconds", new_values."url" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="97ee83fffdff64cc729a92add8aca1c7e72fe0a3",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_47c0b",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="webhooks",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhook",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_webhookevent" ("company_tickers", "deleted_at", "event_types", "id", "is_active", "metadata", "min_score", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_secret_until", "retry_policy", "timeout_seconds", "url") SELECT new_values."company_tickers", new_values."deleted_at", new_values."event_types", new_values."id", new_values."is_active", new_values."metadata", new_values."min_score", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."previous_secret_until", new_values."retry_policy", new_values."timeout_seconds", new_values."url" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."company_tickers" IS DISTINCT FROM (new_values."company_tickers") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."event_types" IS DISTINCT FROM (new_values."event_types") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."metadata" IS DISTINCT FROM (new_values."metadata") OR old_values."min_score" IS DISTINCT FROM (new_values."min_score") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."previous_secret_until" IS DISTINCT FROM (new_values."previous_secret_until") OR old_values."retry_policy" IS DISTINCT FROM (new_values."retry_policy") OR old_values."timeout_seconds" IS DISTINCT FROM (new_values."timeout_seconds") OR old_values."url" IS DISTINCT FROM (new_values."url")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="aef73f33a1ed5b40988399c141d6d13d0068c3da",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_84652",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="webhooks",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhook",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "delivery_webhookevent" ("company_tickers", "deleted_at", "event_types", "id", "is_active", "metadata", "min_score", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_secret_until", "retry_policy", "timeout_seconds", "url") SELECT old_values."company_tickers", old_values."deleted_at", old_values."event_types", old_values."id", old_values."is_active", old_values."metadata", old_values."min_score", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."previous_secret_until", old_values."retry_policy", old_values."timeout_seconds", old_values."url" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="c2846223c3d3f86e1c7de938a604324cce330ce7",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_6b3cc",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="webhooks",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="webhook",
            field=models.ForeignKey(
                db_comment="The endpoint.",
                db_index=False,
                help_text="The endpoint.",
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="deliveries",
                to="delivery.webhook",
            ),
        ),
        migrations.AddField(
            model_name="webhookevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="webhookevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                related_query_name="history",
                to="delivery.webhook",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="eda62ea37c9e1f14052acc57dae949f8ad3f02c4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3c6e8",
                    table="delivery_alertevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="alerttrigger",
            index=models.Index(fields=["-triggered_at", "-id"], name="alert_triggers_recent_idx"),
        ),
        migrations.AddIndex(
            model_name="alerttrigger",
            index=models.Index(fields=["company"], name="alert_triggers_company_idx"),
        ),
        migrations.AddIndex(
            model_name="alerttrigger",
            index=models.Index(fields=["signal"], name="alert_triggers_signal_idx"),
        ),
        migrations.AddIndex(
            model_name="alerttrigger",
            index=models.Index(fields=["score"], name="alert_triggers_score_idx"),
        ),
        migrations.AddConstraint(
            model_name="alerttrigger",
            constraint=models.UniqueConstraint(
                fields=("alert", "cause"),
                name="alert_triggers_uniq",
                violation_error_message="This cause has set the alert off already.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alerttrigger",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="3bdd4de12f30f30ace3782ffe296282e20a999e9",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_34069",
                    table="alert_triggers",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="56ea0fb6510152b2e89608445409f21ee76bc4b0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bd2c3",
                    table="delivery_clientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a6972e72e0b17bec5292043a6349d47182e84f5d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_16217",
                    table="delivery_reportevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["webhook", "-id"], name="webhook_deliveries_recent_idx"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["next_attempt_at"], name="webhook_deliveries_due_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "event_type__in",
                        ["signal.created", "score.updated", "match.updated", "alert.triggered", "report.ready", "ping"],
                    )
                ),
                name="webhook_deliveries_event_known",
                violation_error_message="Event type must be one of: signal.created, score.updated, match.updated, alert.triggered, report.ready, ping.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "delivered", "failed"])),
                name="webhook_deliveries_status_known",
                violation_error_message="Status must be one of: pending, delivered, failed.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhookdelivery",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="92225e8e58598612b474123b39169f407027afba",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_a1223",
                    table="webhook_deliveries",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhookevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="df8911c237ae2ff69d8e2f38d955db58a0a8d471",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bddf4",
                    table="delivery_webhookevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
