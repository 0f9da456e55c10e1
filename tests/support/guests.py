"""Real guests of a cloud that runs beside us: their processes, their folders, and what is typed at their consoles."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill
from pathlib import Path

from haneul.host.guest_image import LOGIN, PASSWORD
from tests.support.hosts import eventually
from tests.support.tree import Tree, command_lines, tree_in_tmp

BOOT_S = 90.0
TYPED_S = 60.0


@contextmanager
def cloud_of_guests(image: Path, *words: str, **environment: str) -> Iterator[Tree]:
    """A cloud with real guests that is up, its image being the one given."""
    with tree_in_tmp(*words, HANEUL_QEMU_ACCELERATOR="tcg", HANEUL_QEMU_SHUTDOWN_GRACE_S="20", **environment) as tree:
        # So that `up` need not build one of its own.
        seeded = tree.state / "tree" / "seeded.json"
        seeded.parent.mkdir(parents=True)
        seeded.write_text('{"image_id": "00000000-0000-0000-0000-000000000000", "done": true}')
        tree.up()
        tree.upload("guest", image)
        yield tree


def processes(tree: Tree) -> dict[str, int]:
    """The processes of a cloud's guests by server id."""
    found = ((pid, re.search(rf"-name haneul:{tree.cloud_id}:(\S+)", words)) for pid, words in command_lines())
    return {mark[1]: pid for pid, mark in found if mark}


def traces(tree: Tree, server_id: str, *states: Path) -> list[str]:
    """All that bears a server's id: processes, and what is in the agents' folders (tree's own, and these)."""
    files = [str(path) for state in (tree.state, *states) for path in (state / "agent").rglob(f"*{server_id}*")]
    pid = processes(tree).get(server_id)
    return [*files, f"process {pid}"] if pid else files


def wait_for_prompt(tree: Tree, *server_ids: str) -> None:
    """Wait until the guests have booted."""
    for server_id in server_ids:
        eventually(lambda one=server_id: "login:" in tree.console(one), BOOT_S)


def kill_guest(tree: Tree, server_id: str) -> int:
    """Kill a guest's process, as the kernel does when memory is short; its pid."""
    pid = processes(tree)[server_id]
    kill(pid, signal.SIGKILL)
    return pid


class Terminal:
    """A guest's serial console, at which somebody types."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(path))
        self._heard = ""

    def log_in(self) -> None:
        """Log in at the prompt, as the guest image's own user."""
        self.type("")
        self.wait_for("login: ")
        self.type(LOGIN)
        self.wait_for("Password: ")
        self.type(PASSWORD)
        self.wait_for("$ ")

    def type(self, line: str) -> None:
        self._line.sendall(line.encode() + b"\n")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + TYPED_S
        while text not in self._heard:
            self._line.settimeout(max(deadline - time.monotonic(), 0.01))
            self._heard += self._line.recv(4096).decode(errors="replace")
        self._heard = self._heard.partition(text)[2]

    def hang_up(self) -> None:
        self._line.close()
