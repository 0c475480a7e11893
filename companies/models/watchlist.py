"""Named lists of the companies that somebody at the desk watches."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.memberships import track_pairs
from biotech_ma.core.models import LIVE, LiveManager, SoftDeleteModel, tracked
from companies.models.company import Company
from companies.querysets import WatchlistQuerySet


@tracked()
class Watchlist(SoftDeleteModel):
    """A named list of companies that somebody watches, alone or with the desk."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="watchlists",
        db_index=False,
        editable=False,
        help_text="Whose list it is.",
        db_comment="Whose list it is.",
    )
    name = models.CharField(max_length=100, help_text="What it is called.", db_comment="What it is called.")
    is_shared = models.BooleanField(
        "shared",
        default=False,
        db_default=False,
        help_text="Everyone at the desk sees it; its owner alone changes it.",
        db_comment="True = everyone sees it.",
    )
    companies = models.ManyToManyField(
        Company, blank=True, related_name="watchlists", help_text="The companies on it.", db_table="watchlist_companies"
    )

    objects = LiveManager.from_queryset(WatchlistQuerySet)()
    all_objects = WatchlistQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "watchlists"
        db_table_comment = "Named lists of companies, by user."
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="watchlists_name_uniq",
                condition=LIVE,
                violation_error_message="You have a watchlist of this name already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(name__regex=r"^\s*$"),
                name="watchlists_name_not_blank",
                violation_error_message="A watchlist needs a name.",
            ),
        ]
        indexes = [
            # a user's lists; serves the foreign key
            models.Index(fields=["owner"], name="watchlists_owner_idx"),
            # archived rows: the admin's archive filter, restoring
            models.Index(fields=["deleted_at"], name="watchlists_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_name(self) -> str:
        """What everybody may read of it: a private list is called by its owner alone."""
        return f"“{self.name}”" if self.is_shared else f"a private watchlist of {self.owner.get_username()}"


@track_pairs(Watchlist.companies.through, owner=Watchlist, field="watchlist", other="company", noun="company")
class WatchlistCompany(Watchlist.companies.through):  # type: ignore[name-defined, misc]
    """That a company is on a watchlist."""

    class Meta:
        proxy = True
        default_permissions = ()
