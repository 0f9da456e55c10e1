"""A second host of a cloud on this machine: the agent's own process, in a folder and a network namespace of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haneul.host.namespaces import ensure_namespace, remove_namespace
from tests.support.tree import Tree

# Enters the namespace and becomes the agent, which is told to stay in the network that it finds.
START = """
import os, sys
from haneul.host.namespaces import enter_namespace
enter_namespace(sys.argv[1])
os.execv(sys.executable, [sys.executable, "-m", "haneul.cli", "agent", "--state", sys.argv[2], "--link", sys.argv[3]])
"""


class SecondHost:
    """Joins the cloud of a tree under another name; dies and comes back as a test wants."""

    def __init__(self, tree: Tree, name: str, state: Path, tunnel_ip: str = "") -> None:
        self._tree, self.name, self.state = tree, name, state
        self.namespace = f"{name}-{tree.cloud_id}"
        self._agent: subprocess.Popen[bytes] | None = None
        for folder in (state / "tree", state / "agent"):
            folder.mkdir(parents=True)
        state.chmod(0o755)
        (state / "agent").chmod(0o711)
        shutil.copy(tree.state / "cloud-id", state / "cloud-id")
        kept = json.loads((tree.state / "tree" / "settings.json").read_text())
        bus = f"unix://{tree.state / 'run' / 'bus.sock'}"
        # Only the first host is joined to the machine itself.
        kept["cloud"] |= {"host": name, "host_network": True, "bus": bus, "external_range": ""}
        kept["sections"]["network"] = kept["sections"].get("network", {}) | {"tunnel_ip": tunnel_ip}
        (state / "tree" / "settings.json").write_text(json.dumps(kept))

    @property
    def pid(self) -> int:
        assert self._agent is not None
        return self._agent.pid

    def start(self) -> None:
        """Start the agent, and wait until it says that control has heard of it."""
        ensure_namespace(self.namespace)
        self._line, theirs = socket.socketpair()
        self._line.settimeout(30)
        with (self.state / "agent.log").open("ab") as log, theirs:
            self._agent = subprocess.Popen(
                [sys.executable, "-c", START, self.namespace, str(self.state), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "HANEUL_QEMU_ACCELERATOR": "tcg", "HANEUL_QEMU_SHUTDOWN_GRACE_S": "20"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert b"ready" in self._line.recv(4096)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the agent; its guests go on."""
        if self._agent is not None:
            self._agent.send_signal(number)
            self._agent.wait(30)
            self._agent = None
            self._line.close()

    def service(self) -> dict[str, Any]:
        """The host as control knows it; nothing if it doesn't."""
        listed = self._tree.compute("GET", f"/os-services?host={self.name}").json()["services"]
        return listed[0] if listed else {}

    def say_down(self, is_down: bool) -> None:
        """Have control believe that the host is away, or no longer so."""
        answer = self._tree.compute("PUT", f"/os-services/{self.service()['id']}", {"forced_down": is_down})
        assert answer.status_code == 200, answer.text


@contextmanager
def second_host(tree: Tree, name: str, tunnel_ip: str = "") -> Iterator[SecondHost]:
    """A host that has joined; it is gone afterwards, but who has servers on it must have deleted them."""
    folder = Path(tempfile.mkdtemp(prefix="haneul-host-"))
    folder.chmod(0o755)
    host = SecondHost(tree, name, folder / "state", tunnel_ip)
    try:
        host.start()
        yield host
    finally:
        host.end()
        remove_namespace(host.namespace)
        shutil.rmtree(folder)
