"""Reconcilers: make a host equal the rows. `plans` is control's side, `runner` the agent's, which sees no database."""

from haneul.kernel.reconcile.values import Observation, Report, Tombstone

__all__ = ["Observation", "Report", "Tombstone"]
