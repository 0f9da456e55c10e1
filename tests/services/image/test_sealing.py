"""Secrets that wait for a transfer."""

import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from haneul.services.image.transfers.sealing import SEALED_S, Broken, Seal


def test_what_one_process_seals_another_opens(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "images" / "key").close("a token")
    assert "a token" not in sealed
    assert Seal(tmp_path / "images" / "key").open(sealed) == "a token"
    assert (tmp_path / "images" / "key").stat().st_mode & 0o777 == 0o600


def test_nobody_else_opens_it(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "key").close("a token")
    with pytest.raises(Broken):
        Seal(tmp_path / "other").open(sealed)
    with pytest.raises(Broken):
        Seal(tmp_path / "key").open("nothing")


def test_nor_anybody_after_a_day(tmp_path: Path) -> None:
    seal = Seal(tmp_path / "key")
    seal.close("")
    key = Fernet((tmp_path / "key").read_bytes())
    old = key.encrypt_at_time(b"a token", int(time.time()) - SEALED_S - 60).decode()
    with pytest.raises(Broken):
        seal.open(old)
