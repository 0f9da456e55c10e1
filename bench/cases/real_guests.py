"""A real guest through the cloud against a bare script that starts the same image with the same QEMU."""

import json
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.case import Bench, Case
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Figure, Outcome
from bench.guests import create_server, image_of, status_of, wait_for_servers, wait_until

PAIRS = 3
LOGIN = re.compile(r"login:")
ALLOWED_S = 0.5


class Times(Struct, frozen=True):
    """Seconds from the beginning until the guest runs, and until its console asks for a login."""

    running: float
    login: float


def run(_bench: Bench) -> Outcome:
    """Pairs in turn, so that both meet the same machine; the first of each kind warms the caches and isn't counted."""
    with running_cloud() as cloud, tempfile.TemporaryDirectory(prefix="haneul-bench-") as folder:
        image_id = image_of(cloud)
        base = Path(folder) / "base.qcow2"
        base.write_bytes(cloud.ask("GET", "image", f"/v2/images/{image_id}/file").content)
        pairs = [(_through_cloud(cloud, image_id), _bare(base, Path(folder))) for _ in range(PAIRS + 1)][1:]
        return Outcome(
            figures=[
                _difference(
                    "POST to ACTIVE above a bare script", [(a.running, b.running) for a, b in pairs], ALLOWED_S
                ),
                _difference("POST to login above a bare script", [(a.login, b.login) for a, b in pairs], None),
            ]
        )


def _difference(name: str, pairs: list[tuple[float, float]], target: float | None) -> Figure:
    return Figure(
        name=f"real guest, {name}",
        value=statistics.median(ours - bare for ours, bare in pairs),
        unit="s",
        target=target,
        better="less",
        beside={
            "cloud s": round(statistics.median(ours for ours, _ in pairs), 2),
            "bare s": round(statistics.median(bare for _, bare in pairs), 2),
            "pairs": len(pairs),
        },
    )


def _through_cloud(cloud: BenchCloud, image_id: str) -> Times:
    began = time.perf_counter()
    server_id = create_server(cloud, "real", image_id)
    wait_until(lambda: status_of(cloud, server_id) == "ACTIVE", 0.02)
    running = time.perf_counter() - began
    wait_until(lambda: bool(LOGIN.search(_console(cloud, server_id))), 0.25)
    login = time.perf_counter() - began
    cloud.ask("DELETE", "compute", f"/v2.1/servers/{server_id}")
    wait_for_servers(cloud, 0, "")
    return Times(running, login)


def _console(cloud: BenchCloud, server_id: str) -> str:
    body = {"os-getConsoleOutput": {"length": 20}}
    return str(cloud.ask("POST", "compute", f"/v2.1/servers/{server_id}/action", json=body).json()["output"])


def _bare(base: Path, folder: Path) -> Times:
    console = folder / "console"
    console.unlink(missing_ok=True)
    began = time.perf_counter()
    with _qemu(base, folder, console) as monitor:
        _until_running(monitor)
        running = time.perf_counter() - began
        wait_until(lambda: console.exists() and bool(LOGIN.search(console.read_text(errors="replace"))), 0.05)
        return Times(running, time.perf_counter() - began)


@contextmanager
def _qemu(base: Path, folder: Path, console: Path) -> Iterator[Path]:
    disk, monitor = folder / "disk.qcow2", folder / "monitor"
    overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(disk), "1G"]
    subprocess.run(overlay, check=True, timeout=60)
    command = ["qemu-system-x86_64", "-M", "pc", "-accel", "tcg,tb-size=32", "-m", "128", "-nodefaults"]
    command += ["-display", "none", "-serial", f"file:{console}", "-qmp", f"unix:{monitor},server=on,wait=off"]
    command += ["-drive", f"file={disk},if=virtio,format=qcow2"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield monitor
    finally:
        process.kill()
        process.wait()
        monitor.unlink(missing_ok=True)
        disk.unlink()


def _until_running(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        wait_until(lambda: line.connect_ex(str(path)) == 0)
        with line.makefile("rw") as talk:
            talk.readline()
            for command in ("qmp_capabilities", "query-status"):
                talk.write(json.dumps({"execute": command}) + "\n")
                talk.flush()
                answer = json.loads(talk.readline())
            if answer["return"]["status"] != "running":
                raise RuntimeError(f"The bare guest does not run: {answer}")


CASES = (
    Case(
        name="real",
        says="POST to ACTIVE and to the login with real QEMU, against a bare script.",
        run=run,
        is_real=True,
    ),
)
