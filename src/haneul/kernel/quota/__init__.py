"""Quota: usage is counted, never stored, and two requests can't both take what is left."""

from haneul.kernel.quota.logic import Resource, Wanted, take, take_all, used

__all__ = ["Resource", "Wanted", "take", "take_all", "used"]
