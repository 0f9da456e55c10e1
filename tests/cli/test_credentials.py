"""The entry at home: ours to write, never at the cost of what people wrote."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from haneul.cli import credentials, options
from haneul.cli.tree.layout import Layout
from haneul.kernel.config import Settings
from haneul.settings import CloudSettings, settled

THEIRS = "# mine\nclouds:\n  work:\n    auth: {}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "openstack" / "clouds.yaml"


@pytest.fixture
def cloud(tmp_path: Path) -> tuple[Layout, CloudSettings]:
    """A cloud that was prepared and never started."""
    layout = Layout(tmp_path / "state")
    layout.make()
    layout.admin_password.write_text("p'w\"")
    return layout, settled(layout.state, Settings({}, {}), {})


def test_the_entry_is_written_renewed_and_forgotten(home: Path, cloud: tuple[Layout, CloudSettings]) -> None:
    layout, settings = cloud
    assert credentials.write(layout, settings, at_home=True) == []
    assert home.read_text() == layout.clouds_yaml.read_text()
    assert home.stat().st_mode & 0o077 == 0
    layout.admin_password.write_text("another")
    credentials.write(layout, settings, at_home=True)
    assert "another" in home.read_text()
    credentials.forget(layout)
    assert not home.exists()


def test_a_file_that_people_wrote_is_left_as_it_is(home: Path, cloud: tuple[Layout, CloudSettings]) -> None:
    home.parent.mkdir(parents=True)
    home.write_text(THEIRS)
    (note,) = credentials.write(*cloud, at_home=True)
    assert "was left as it is" in note
    credentials.forget(cloud[0])
    assert home.read_text() == THEIRS


def test_a_password_survives_shell_and_yaml(cloud: tuple[Layout, CloudSettings], home: Path) -> None:
    layout, settings = cloud
    credentials.write(layout, settings, at_home=True)
    assert yaml.safe_load(home.read_text())["clouds"]["haneul"]["auth"]["password"] == "p'w\""
    said = subprocess.run(["sh", "-c", '. "$0"; printf %s "$OS_PASSWORD"', layout.openrc], capture_output=True)
    assert said.stdout == b"p'w\""


def test_a_user_without_root_has_his_own_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/someone/state")
    assert options.default_state() == Path("/home/someone/state/haneul")
