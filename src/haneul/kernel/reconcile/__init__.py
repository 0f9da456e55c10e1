"""Reconcilers: make a host equal the rows."""

from haneul.kernel.reconcile.plans import PlanSource, bury, is_buried, touch
from haneul.kernel.reconcile.values import Observation, Report, Tombstone

__all__ = ["Observation", "PlanSource", "Report", "Tombstone", "bury", "is_buried", "touch"]
