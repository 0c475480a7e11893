"""Pages are called as the menu calls them."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from biotech_ma.core.admin_settings import NAVIGATION

register = template.Library()


def _menu() -> dict[str, tuple[str, str]]:
    """Return section and title of each address of the menu."""
    return {
        str(item["link"]): (str(part.get("title", "")), item["title"]) for part in NAVIGATION for item in part["items"]
    }


@register.filter
def by_the_menu(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts of a heading with the menu's names of section and list, once where they are the same."""
    menu = _menu()
    place = next((place for place, part in enumerate(parts) if str(part.get("link", "")) in menu), None)
    if not place:
        return parts
    section, title = menu[str(parts[place]["link"])]
    named = [{**parts[0], "title": section}, {**parts[place], "title": title}]
    return [*named[section == title :], *parts[place + 1 :]]


@register.filter
def in_the_menu(opts: Any) -> str:
    """Return what the menu calls the list of a table, else the table's own name."""
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return _menu().get(address, ("", str(opts.verbose_name_plural)))[1]
