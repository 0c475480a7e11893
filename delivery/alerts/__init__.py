"""Alerts: the condition language, what each type means, evaluation, and the ways in which people are told."""
