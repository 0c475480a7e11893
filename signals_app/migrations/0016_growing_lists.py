from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.lookups import Exact

from signals_app.title_words import TitleWords

IS_DEAL = Exact(
    models.Case(
        models.When(signal_type__in=["takeover_target", "takeover_acquirer"], then=models.Value(1)),
        models.When(signal_type="market", signal_data__contains={"rumour": True}, then=models.Value(1)),
        default=models.Value(0),
        output_field=models.IntegerField(),
    ),
    1,
)


class Migration(migrations.Migration):
    # The ledger is long: it goes on being written to while the indexes are built.
    atomic = False

    dependencies = [("signals_app", "0015_deal_days")]

    operations = [
        AddIndexConcurrently(
            model_name="signal",
            index=models.Index(
                fields=["signal_type", "-event_date", "-id", "severity"], name="signals_type_date_severity_idx"
            ),
        ),
        AddIndexConcurrently(
            model_name="signal",
            index=models.Index(fields=["-event_date", "-id"], condition=models.Q(IS_DEAL), name="signals_deals_idx"),
        ),
        AddIndexConcurrently(model_name="signal", index=GinIndex(TitleWords("title"), name="signals_title_gin")),
        RemoveIndexConcurrently(model_name="signal", name="signals_type_date_idx"),
    ]
