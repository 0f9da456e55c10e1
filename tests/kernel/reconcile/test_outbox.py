"""Reports that wait together are told as one, in which the latest word of a thing counts."""

from haneul.kernel.reconcile.outbox import joined
from haneul.kernel.reconcile.values import Observation, Report

HOST, KIND = "host-1", "jar"
MADE, MADE_AGAIN = Observation("a", 1, "made"), Observation("a", 3, "made")
GONE = Report(HOST, KIND, gone=["a"], gone_at={"a": 2})


def test_what_was_made_and_then_removed_is_gone() -> None:
    told = joined([Report(HOST, KIND, [MADE]), GONE])
    assert (told.observations, told.gone, told.gone_at) == ([], ["a"], {"a": 2})


def test_what_was_removed_and_then_made_again_is_both() -> None:
    told = joined([GONE, Report(HOST, KIND, [MADE_AGAIN])])
    assert (told.observations, told.gone, told.gone_at) == ([MADE_AGAIN], ["a"], {"a": 2})
