"""Who is there, on a bus without a hub."""

import pytest

from haneul.kernel.bus.attendance import FORGOTTEN_AFTER_S, Attendance
from haneul.kernel.bus.messages import Presence

SELF = Presence("host-1", 100, "inbox-1")


def test_a_newcomer_is_unknown_once() -> None:
    seen = Attendance(SELF)
    assert seen.note(Presence("host-2", 1, "inbox-2"))
    assert not seen.note(Presence("host-2", 1, "inbox-2"))
    assert not seen.note(SELF)
    assert seen.names() == ("host-2",)


def test_who_leaves_is_gone() -> None:
    seen = Attendance(SELF)
    seen.note(Presence("host-2", 1, "inbox-2"))
    seen.note(Presence("host-2", 1, "inbox-2", gone=True))
    assert seen.names() == ()


def test_who_is_silent_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("haneul.kernel.bus.attendance.time.monotonic", lambda: now)
    seen = Attendance(SELF)
    seen.note(Presence("host-2", 1, "inbox-2"))
    now += FORGOTTEN_AFTER_S
    seen.note(Presence("host-3", 1, "inbox-3"))
    seen.forget_silent()
    assert seen.names() == ("host-2", "host-3")
    now += 0.1
    seen.forget_silent()
    assert seen.names() == ("host-3",)


@pytest.mark.parametrize(
    ("other", "replaced"),
    [
        (Presence("host-1", 101, "inbox-2"), True),
        (Presence("host-1", 99, "inbox-2"), False),
        (Presence("host-2", 101, "inbox-2"), False),
        (Presence("host-1", 101, "inbox-2", gone=True), False),
    ],
)
def test_only_a_newer_process_of_the_same_name_replaces(other: Presence, replaced: bool) -> None:
    seen = Attendance(SELF)
    seen.note(other)
    assert seen.replaced() is replaced
