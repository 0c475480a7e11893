"""Scores and matches, to read: the top list, and each score down to the contributions that add up to it."""

from __future__ import annotations

from scoring.admin_company import LatestScorePanel
from scoring.admin_matches import AcquirerMatchAdmin
from scoring.admin_scores import MAScoreAdmin, ScoreVersionAdmin

__all__ = ["AcquirerMatchAdmin", "LatestScorePanel", "MAScoreAdmin", "ScoreVersionAdmin"]
