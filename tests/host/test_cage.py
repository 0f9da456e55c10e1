"""What a caged program can't do, tried by programs that try it."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from haneul.host import cage as caging
from haneul.host.cage import Cage, run_caged
from haneul.host.run import Limits, RunFailed

ME = os.getuid()
MIB = 1 << 20
FEW = Limits(cpu_s=5, memory_mb=1024, file_mb=1)


def caged(*argv: str, cage: Cage | None = None, timeout_s: float = 20, uid: int = ME, limits: Limits = FEW) -> str:
    return run_caged(argv, cage or Cage(), timeout_s=timeout_s, uid=uid, limits=limits).stdout.decode()


def python(code: str) -> tuple[str, ...]:
    return ("python3", "-I", "-c", code)


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A file of this host, beside a secret one."""
    (tmp_path / "secret").write_text("moon")
    path = tmp_path / "named"
    path.write_text("sky")
    return path


def test_it_sees_what_is_named_and_nothing_beside_it(named: Path) -> None:
    cage = Cage(readable={"/source": named})
    assert caged("cat", "/source", cage=cage) == "sky"
    seen = set(caged("find", "/", "-xdev", "-maxdepth", "1", cage=cage).split())
    assert seen - {"/bin", "/sbin", "/lib", "/lib64"} == {"/", "/usr", "/dev", "/source"}
    assert caged("find", "/dev", "-maxdepth", "1", cage=cage).split() == ["/dev", "/dev/null"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/proc/1/environ", "/sys", "/tmp", "/run", "/home", "/root", "/dev/vda"]
)
def test_no_other_file_of_the_host_is_there(path: str) -> None:
    with pytest.raises(RunFailed, match="No such file or directory"):
        caged("stat", path)


def test_a_neighbour_of_a_named_file_is_not_there(named: Path) -> None:
    with pytest.raises(RunFailed, match="No such file or directory"):
        caged("cat", str(named.parent / "secret"), cage=Cage(readable={str(named): named}))


@pytest.mark.parametrize("place", ["/x", "/usr/x", "/dev/x", "/source"])
def test_it_writes_nowhere_but_where_it_may(named: Path, place: str) -> None:
    code = f"open({place!r}, 'w').write('x')"
    with pytest.raises(RunFailed, match="Read-only file system"):
        caged(*python(code), cage=Cage(readable={"/source": named}))
    caged(*python("open('/target', 'w').write('new')"), cage=Cage(writable={"/target": named}))
    assert named.read_text() == "new"


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine that accepts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_has_no_network(listening: int) -> None:
    code = f"import socket; socket.create_connection(('127.0.0.1', {listening}), timeout=2)"
    subprocess.run(python(code), check=True)
    with pytest.raises(RunFailed, match=r"Network is unreachable|Connection refused"):
        caged(*python(code))
    with pytest.raises(RunFailed):
        caged(*python("import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"))


def test_it_sees_no_process_of_the_host() -> None:
    assert int(caged(*python("import os; print(os.getpid())"))) < 10
    with pytest.raises(RunFailed, match="No such process"):
        caged(*python(f"import os; os.kill({os.getpid()}, 0)"))


def test_it_makes_no_namespaces_and_mounts_nothing() -> None:
    with pytest.raises(RunFailed, match="unshare failed"):
        caged("unshare", "--user", "--map-root-user", "true")
    with pytest.raises(RunFailed):
        caged("mount", "-t", "tmpfs", "none", "/usr")


def test_a_file_ends_at_its_limit(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    with pytest.raises(RunFailed, match="became larger than it may be"):
        caged("dd", "if=/dev/null", "of=/target", "bs=1", "seek=2M", cage=Cage(writable={"/target": target}))
    assert target.stat().st_size <= MIB


def test_it_is_killed_at_its_time_with_all_it_started() -> None:
    begun = time.monotonic()
    with pytest.raises(RunFailed, match=r"sh took longer than 0\.5 seconds and was stopped"):
        caged("sh", "-c", "sleep 7357 & exec setsid sleep 7357", timeout_s=0.5)
    assert time.monotonic() - begun < 5
    assert not [line for line in running() if "sleep 7357" in line]


def running() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return lines


def test_processor_time_and_memory_end() -> None:
    with pytest.raises(RunFailed, match="processor time or memory"):
        caged(*python("while True: pass"), limits=Limits(cpu_s=1))
    with pytest.raises(RunFailed, match="MemoryError"):
        caged(*python("bytearray(900 << 20)"), limits=Limits(memory_mb=500))


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can run a program under another account.")
def test_it_has_only_the_rights_of_its_account(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    own = Path("/tmp") / f"haneul-cage-{os.getpid()}"
    own.write_text("sky")
    try:
        own.chmod(0o600)
        with pytest.raises(RunFailed, match="Permission denied"):
            caged("cat", "/source", cage=Cage(readable={"/source": own}), uid=65534)
        own.chmod(0o644)
        assert caged("cat", "/source", cage=Cage(readable={"/source": own}), uid=65534) == "sky"
        assert stat.S_IMODE(own.stat().st_mode) == 0o644
    finally:
        own.unlink()


def test_a_host_without_the_package_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caging, "PROGRAM", "no-such-cage")
    with pytest.raises(RunFailed, match=r"cat is only run in a cage: install the Debian package bubblewrap"):
        caged("cat", "/dev/null")


def test_a_host_that_allows_no_namespaces_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text(
        f"#!{sys.executable} -I\nimport sys\nsys.exit('bwrap: No permissions to create new namespace')\n"
    )
    refusing.chmod(0o755)
    monkeypatch.setattr(caging, "PROGRAM", str(refusing))
    with pytest.raises(RunFailed, match="this host's kernel allows none to this account: No permissions"):
        caged("cat", "/dev/null")
