"""The four roles of the desk as groups: what each may see and do, in one table (docs/admin.md shows it).

Made after every migration, so that the groups are there before the first user is. A role's permissions are the table's:
what is added to one of these groups by hand is taken back by the next migration; a group of another name is left alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, transaction

VIEWER, ANALYST, LEAD, ADMINISTRATOR = "viewer", "analyst", "lead", "administrator"
ROLES = (VIEWER, ANALYST, LEAD, ADMINISTRATOR)
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete", "p": "publish"}

# What each role may do with a table: view, add, change, delete (which archives and restores), publish.
TABLE: dict[str, tuple[str, str, str, str]] = {
    #                              viewer analyst lead     administrator
    "companies.company": ("v", "vacd", "vacd", "vacd"),
    "companies.companyalias": ("v", "vacd", "vacd", "vacd"),
    # change: merge two companies, and undo it
    "companies.companymerge": ("v", "vc", "vc", "vc"),
    # said by those who may merge
    "companies.companydistinction": ("v", "v", "v", "v"),
    "companies.drugcandidate": ("v", "vacd", "vacd", "vacd"),
    "companies.watchlist": ("v", "vacd", "vacd", "vacd"),
    "companies.companynote": ("v", "vacd", "vacd", "vacd"),
    "companies.restriction": ("", "", "vac", "vac"),
    "companies.restrictionlog": ("", "", "v", "v"),
    "signals_app.sheetimport": ("", "va", "va", "va"),
    "core.listexport": ("", "", "v", "v"),
    # what was changed over the whole desk
    "core.change": ("", "", "v", "v"),
    "core.savedfilter": ("v", "v", "v", "v"),
    "signals_app.signal": ("v", "va", "va", "va"),
    "signals_app.financialfact": ("v", "va", "va", "va"),
    "signals_app.deal": ("v", "v", "v", "v"),
    "signals_app.reviewitem": ("v", "vc", "vc", "vc"),
    "signals_app.ingestrun": ("v", "v", "v", "v"),
    "scoring.mascore": ("v", "v", "v", "v"),
    "scoring.acquirermatch": ("v", "v", "v", "v"),
    "scoring.scoreversion": ("v", "vc", "vcp", "vcp"),
    "scoring.scoreweight": ("v", "vc", "vc", "vc"),
    "delivery.report": ("v", "vacd", "vacd", "vacd"),
    "delivery.standingorder": ("v", "vac", "vac", "vac"),
    "delivery.reportmail": ("v", "v", "v", "v"),
    "delivery.alert": ("v", "vacd", "vacd", "vacd"),
    "delivery.alerttrigger": ("v", "v", "v", "v"),
    "delivery.alertnotice": ("", "v", "v", "v"),
    "delivery.inboxitem": ("v", "v", "v", "v"),
    "delivery.webhook": ("", "", "v", "vacd"),
    "delivery.webhookdelivery": ("", "", "v", "v"),
    "delivery.client": ("", "", "", "vacd"),
    "delivery.clientusage": ("", "", "", "v"),
    "procrastinate.procrastinatejob": ("", "v", "v", "vc"),
    "auth.user": ("", "", "", "vac"),
    "auth.group": ("", "", "", "v"),
}


def permissions_of(role: str) -> frozenset[str]:
    """Return the names of a role's permissions, as `companies.view_company`."""
    place = ROLES.index(role)
    found = set()
    for label, verbs in TABLE.items():
        app, model = label.split(".")
        found |= {f"{app}.{VERBS[verb]}_{model}" for verb in verbs[place]}
    return frozenset(found)


def ensure_roles(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the groups, or bring their permissions in line with the table. Twice is no error.

    Runs after the migrations of the topmost app, when every permission is there.
    """
    known = {f"{each.content_type.app_label}.{each.codename}": each for each in _permissions(using)}
    with transaction.atomic(using):
        for role in ROLES:
            group, _made = Group.objects.using(using).get_or_create(name=role)
            group.permissions.set([known[name] for name in permissions_of(role) if name in known])


def _permissions(using: str) -> Any:
    apps = {label.split(".")[0] for label in TABLE}
    return Permission.objects.using(using).filter(content_type__app_label__in=apps).select_related("content_type")
