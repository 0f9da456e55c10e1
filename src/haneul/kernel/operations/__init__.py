"""Operations: journalled work that ends done or undone, whatever dies."""

from haneul.kernel.operations.logic import note, of_resource, start, unfinished, wake
from haneul.kernel.operations.steps import Asker, Fault, Operation, Parked, Step, Work

__all__ = [
    "Asker",
    "Fault",
    "Operation",
    "Parked",
    "Step",
    "Work",
    "note",
    "of_resource",
    "start",
    "unfinished",
    "wake",
]
