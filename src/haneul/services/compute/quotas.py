"""Compute's quotas, for who makes servers."""

from haneul.services.compute.quota_sets.logic import Owner, grow, limits, take_server

__all__ = ["Owner", "grow", "limits", "take_server"]
