"""Compute's quotas, for who makes servers."""

from haneul.services.compute.quota_sets.logic import grow, limits, take_server

__all__ = ["grow", "limits", "take_server"]
