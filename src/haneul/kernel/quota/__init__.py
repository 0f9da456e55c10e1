"""Quota: usage is counted, never stored, and two requests can't both take what is left."""

from haneul.kernel.quota.logic import Resource, Wanted, refuse_large, take, take_all, used
from haneul.kernel.quota.registered import Known, LimitReader, Registered, Tree, read_limits_with, registered

__all__ = [
    "Known",
    "LimitReader",
    "Registered",
    "Resource",
    "Tree",
    "Wanted",
    "read_limits_with",
    "refuse_large",
    "registered",
    "take",
    "take_all",
    "used",
]
