"""Scores and matches, one row a company (or pair), day and version, and the weights behind them."""

from scoring.models.matches import AcquirerMatch
from scoring.models.scores import MAScore
from scoring.models.weights import COMPONENTS, ScoreVersion, ScoreWeight, VersionStatus
from scoring.served_models import ServedScore

__all__ = ["COMPONENTS", "AcquirerMatch", "MAScore", "ScoreVersion", "ScoreWeight", "ServedScore", "VersionStatus"]
