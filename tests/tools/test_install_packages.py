"""tools/install-packages against a package manager that only notes what it was asked."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "install-packages"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs: everything but cpio and zstd is installed, and the caller is root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    write(folder / "dpkg-query", 'case "$3" in cpio|zstd) exit 1 ;; *) printf installed ;; esac')
    write(folder / "apt-get", f'echo "$@" >>{tmp_path}/asked')
    write(folder / "id", "echo 0")
    return folder


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def install(programs: Path, *groups: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *groups],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "POLICY": str(policy_of(programs))},
        capture_output=True,
        text=True,
        check=False,
    )


def policy_of(programs: Path) -> Path:
    return programs.parent / "policy-rc.d"


def asked(programs: Path) -> list[str]:
    notes = programs.parent / "asked"
    return notes.read_text().splitlines() if notes.exists() else []


def test_only_what_is_missing_is_installed(programs: Path) -> None:
    assert install(programs, "build", "guest").returncode == 0
    update, installed = asked(programs)
    assert update.startswith("update")
    assert installed.startswith("install ")
    assert "--no-install-recommends" in installed
    assert installed.split()[-2:] == ["cpio", "zstd"]


def test_nothing_missing_asks_nothing(programs: Path) -> None:
    assert install(programs, "build", "databases", "broker").returncode == 0
    assert asked(programs) == []


def test_who_may_not_install_is_told_what_to_ask_for(programs: Path) -> None:
    write(programs / "id", "echo 1000")
    done = install(programs, "guest")
    assert done.returncode == 1
    assert done.stderr == "These Debian packages are missing; run this as root: apt-get install cpio zstd\n"
    assert asked(programs) == []


def test_an_unknown_group_is_refused(programs: Path) -> None:
    done = install(programs, "guests")
    assert done.returncode != 0
    assert "There is no group of packages named guests" in done.stderr


def test_services_are_not_started_while_packages_come_in(programs: Path) -> None:
    policy, seen = policy_of(programs), programs.parent / "seen"
    write(programs / "apt-get", f"{policy}; echo $? >{seen}")
    assert install(programs, "guest").returncode == 0
    assert seen.read_text() == "101\n"
    assert not policy.exists()


def test_the_policy_goes_even_if_installing_fails(programs: Path) -> None:
    write(programs / "apt-get", "exit 100")
    assert install(programs, "guest").returncode == 100
    assert not policy_of(programs).exists()


def test_a_policy_of_the_owner_stays(programs: Path) -> None:
    write(policy_of(programs), "exit 104")
    assert install(programs, "guest").returncode == 0
    assert policy_of(programs).read_text() == "#!/bin/sh\nexit 104\n"
