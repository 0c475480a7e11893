"""The top list, each score down to the contributions that add up to it, matches, and the weights behind them."""

from __future__ import annotations

from scoring import admin_company, admin_today  # noqa: F401 - they add to other pages
from scoring.admin_matches import AcquirerMatchAdmin
from scoring.admin_scores import MAScoreAdmin
from scoring.admin_weights import ScoreVersionAdmin

__all__ = ["AcquirerMatchAdmin", "MAScoreAdmin", "ScoreVersionAdmin"]
