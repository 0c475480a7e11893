"""What somebody comes to the page of merging for, and where he goes on: from a list, a queue, a company's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from companies.models import CompanyMerge

ERRAND = "errand"


@dataclass(frozen=True)
class Errand:
    """What somebody came to merge two companies for: the way back, and what is to be done once they are merged."""

    back: Callable[[HttpRequest, str], str]
    done: Callable[[HttpRequest, str, CompanyMerge], None] | None = None


_errands: dict[str, Errand] = {}


def on_errand(name: str, errand: Errand) -> None:
    """Let the page of merging be asked for on this errand, as `name` or `name:value`: for the apps above, too."""
    _errands[name] = errand


def errand_of(request: HttpRequest) -> tuple[Errand | None, str, str]:
    """Return the errand of the request, its value and both as the address has them; None for none that is known."""
    text = str(request.POST.get(ERRAND) or request.GET.get(ERRAND) or "")
    name, _, value = text.partition(":")
    found = _errands.get(name)
    return found, value, text if found else ""
