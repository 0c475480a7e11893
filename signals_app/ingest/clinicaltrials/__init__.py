"""Registered trials: ClinicalTrials.gov, API version 2."""
