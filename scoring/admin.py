"""The top list, each score down to the contributions that add up to it, matches, and the weights behind them."""

from __future__ import annotations

from scoring import admin_today  # noqa: F401 - it stands on the first page
from scoring.admin_company import LatestScorePanel
from scoring.admin_matches import AcquirerMatchAdmin
from scoring.admin_scores import MAScoreAdmin
from scoring.admin_weights import ScoreVersionAdmin

__all__ = ["AcquirerMatchAdmin", "LatestScorePanel", "MAScoreAdmin", "ScoreVersionAdmin"]
