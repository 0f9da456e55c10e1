"""Reconcilers: make a host equal the rows."""

from haneul.kernel.reconcile.plans import PlanSource, buried_on, bury, is_buried, touch
from haneul.kernel.reconcile.values import Observation, Report, Tombstone

__all__ = ["Observation", "PlanSource", "Report", "Tombstone", "buried_on", "bury", "is_buried", "touch"]
