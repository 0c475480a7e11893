"""Version 1 of the weights, each with its reason."""

from __future__ import annotations

from decimal import Decimal

from django.db import migrations
from django.utils import timezone

VERSION = "1"
NOTE = "The first weights: judgement, not fitted. A ranking, not a probability."
WEIGHTS = {
    "pipeline": (
        "0.30",
        "Judgement: buyers pay for late-stage assets. Mean deal value rises from $88M preclinical to $2,496M approved "
        "(Michaeli et al. 2022, 311 deals, dollars of 2020).",
    ),
    "patent": ("0.10", "Judgement: protected years of the lead bound what it can earn for a buyer."),
    "financial": (
        "0.20",
        "Judgement on the weight. Its two inputs separated 34 announced deals from 1,466 company-years of 2021 to 2023: "
        "AUROC 0.68 [0.60-0.76] for research spending, 0.66 [0.57-0.75] for closeness to $2.5bn. Runway, cash, debt and "
        "revenue showed no signal and do not score.",
    ),
    "insider": (
        "0.10",
        "Judgement: ownership and corporate events (stakes, reviews, partnerships) precede some deals.",
    ),
    "strategic_fit": ("0.20", "Judgement: a target needs a buyer whom it fits and who can pay."),
    "regulatory": ("0.10", "Judgement: designations and filings shorten the way to market; holds block it."),
}


def seed(apps, schema_editor):
    alias = schema_editor.connection.alias
    weights = apps.get_model("scoring", "ScoreWeight")
    version, is_new = (
        apps.get_model("scoring", "ScoreVersion")
        .objects.using(alias)
        .get_or_create(version=VERSION, defaults={"status": "published", "published_at": timezone.now(), "note": NOTE})
    )
    if is_new:
        weights.objects.using(alias).bulk_create(
            weights(score_version=version, component=component, weight=Decimal(weight), reason=reason)
            for component, (weight, reason) in WEIGHTS.items()
        )


def unseed(apps, schema_editor):
    versions = apps.get_model("scoring", "ScoreVersion").objects.using(schema_editor.connection.alias)
    versions.filter(version=VERSION).delete()


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
