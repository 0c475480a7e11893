import biotech_ma.core.fields
import biotech_ma.core.history_session
import companies.name_keys
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0011_company_merges"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(companies.name_keys.CREATE_FUNCTION, companies.name_keys.DROP_FUNCTION),
        migrations.CreateModel(
            name="CompanyDistinction",
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
                    "reason",
                    models.CharField(
                        blank=True,
                        db_comment="As given. Empty = none was.",
                        db_default="",
                        default="",
                        help_text="Why they are two.",
                        max_length=500,
                    ),
                ),
            ],
            options={
                "verbose_name": "pair told apart",
                "verbose_name_plural": "pairs told apart",
                "db_table": "company_distinctions",
                "db_table_comment": "Pairs of companies that seem to be one and are not, as analysts said.",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CompanyDistinctionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_session",
                    models.TextField(
                        db_comment="Login and program of the session that wrote it. NULL = before this was recorded.",
                        db_default=biotech_ma.core.history_session.WritingSession(),
                        null=True,
                    ),
                ),
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
                    "reason",
                    models.CharField(
                        blank=True,
                        db_comment="As given. Empty = none was.",
                        db_default="",
                        default="",
                        help_text="Why they are two.",
                        max_length=500,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="company",
            name="name_key",
            field=models.GeneratedField(
                db_comment="The name as it is compared: legal forms dropped, abbreviations written out, words in order.",
                db_persist=True,
                expression=companies.name_keys.NameKey("name"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="companyalias",
            name="name_key",
            field=models.GeneratedField(
                db_comment="The alias as names are compared: legal forms dropped, abbreviations written out, words in order.",
                db_persist=True,
                expression=companies.name_keys.NameKey("alias"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)), fields=["name_key"], name="companies_name_key_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="companyalias",
            index=models.Index(fields=["name_key"], name="company_aliases_name_key_idx"),
        ),
        migrations.AddField(
            model_name="companydistinction",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_comment="Who said so. NULL = the user is gone, or a program did: the history names it.",
                help_text="Who said so.",
                null=True,
                on_delete=django.db.models.deletion.DB_SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="companydistinction",
            name="one",
            field=models.ForeignKey(
                db_comment="The one of the two with the lower id.",
                db_index=False,
                help_text="The one that was added first.",
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="+",
                to="companies.company",
            ),
        ),
        migrations.AddField(
            model_name="companydistinction",
            name="other",
            field=models.ForeignKey(
                db_comment="The one of the two with the higher id.",
                db_index=False,
                help_text="The other one.",
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="+",
                to="companies.company",
            ),
        ),
        migrations.AddField(
            model_name="companydistinctionevent",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_comment="Who said so. NULL = the user is gone, or a program did: the history names it.",
                db_constraint=False,
                help_text="Who said so.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="companydistinctionevent",
            name="one",
            field=models.ForeignKey(
                db_comment="The one of the two with the lower id.",
                db_constraint=False,
                help_text="The one that was added first.",
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="companies.company",
            ),
        ),
        migrations.AddField(
            model_name="companydistinctionevent",
            name="other",
            field=models.ForeignKey(
                db_comment="The one of the two with the higher id.",
                db_constraint=False,
                help_text="The other one.",
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="companies.company",
            ),
        ),
        migrations.AddField(
            model_name="companydistinctionevent",
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
            model_name="companydistinctionevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                related_query_name="history",
                to="companies.companydistinction",
            ),
        ),
        migrations.AddIndex(
            model_name="companydistinction",
            index=models.Index(fields=["other"], name="company_distinctions_other_idx"),
        ),
        migrations.AddConstraint(
            model_name="companydistinction",
            constraint=models.UniqueConstraint(
                fields=("one", "other"),
                name="company_distinctions_uniq",
                violation_error_message="These two are told apart already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="companydistinction",
            constraint=models.CheckConstraint(
                condition=models.Q(("one__lt", models.F("other"))),
                name="company_distinctions_ordered",
                violation_error_message="A pair is of two companies, the one with the lower id first.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companydistinction",
            trigger=pgtrigger.compiler.Trigger(
                name="touch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="public.touch_updated_at()",
                    func="RETURN NEW;",
                    hash="2dbbd83b2f7ecd0546f56eb5c9c40c83a0070bb3",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_4267e",
                    table="company_distinctions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companydistinction",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "companies_companydistinctionevent" ("by_id", "id", "one_id", "other_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT new_values."by_id", new_values."id", new_values."one_id", new_values."other_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="2b6e439c0a92057927f5b3e6fc17f6788c995f23",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b260f",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="company_distinctions",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companydistinction",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "companies_companydistinctionevent" ("by_id", "id", "one_id", "other_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT new_values."by_id", new_values."id", new_values."one_id", new_values."other_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."by_id" IS DISTINCT FROM (new_values."by_id") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."one_id" IS DISTINCT FROM (new_values."one_id") OR old_values."other_id" IS DISTINCT FROM (new_values."other_id") OR old_values."reason" IS DISTINCT FROM (new_values."reason")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="e5f9a1d31d0d001ed77e2743a430acdef296899a",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_1b4ad",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="company_distinctions",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companydistinction",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "companies_companydistinctionevent" ("by_id", "id", "one_id", "other_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT old_values."by_id", old_values."id", old_values."one_id", old_values."other_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="5618fd24ba08cf11bc5b92107766a5d83656ff98",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_07d6a",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="company_distinctions",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companydistinctionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1b36b3bc92cdc3581a0db8431ed188ca50772522",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_41bf6",
                    table="companies_companydistinctionevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
