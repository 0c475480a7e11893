"""Fixtures of several test files about companies."""

from tests.companies.restricted_desk import restricted_desk

__all__ = ["restricted_desk"]
