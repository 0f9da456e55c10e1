"""Who is busy with which key of a store elsewhere."""

from pathlib import Path

import pytest

from haneul.services.image.drivers.remote.holds import Holds


def test_what_is_kept_while_drafts_are_listed_is_not_abandoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = Holds(tmp_path)
    hold = holds.take("a.1")
    seen = tmp_path / "a.1.draft"
    hold.keep()
    with monkeypatch.context() as listed:
        listed.setattr(Path, "iterdir", lambda _: iter([seen]))
        assert holds.abandoned() == []
    hold.close()
    assert holds.abandoned() == []
