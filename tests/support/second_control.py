"""A second control process of a cloud: on the same database and broker, on ports and in a folder of its own."""

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

from tests.support.tree import Tree

SHARED = ("fernet-keys", "admin-password", "images")


class SecondControl:
    """Serves the cloud of a tree under other ports, as its own folder, and dies when a test wants."""

    def __init__(self, tree: Tree, state: Path) -> None:
        self.tree = Tree(state)
        # Between those of clouds, whose first ports are 16 apart.
        self.tree.base_port, self.tree.token = tree.base_port + 8, tree.token
        for folder in ("tree", "control", "run", "policy"):
            (state / folder).mkdir(parents=True)
        shutil.copy(tree.state / "cloud-id", state / "cloud-id")
        for name in SHARED:
            source = tree.state / "control" / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, state / "control" / name)
        kept = json.loads((tree.state / "tree" / "settings.json").read_text())
        kept["cloud"]["base_port"] = self.tree.base_port
        (state / "tree" / "settings.json").write_text(json.dumps(kept))
        self._control: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self._line, theirs = socket.socketpair()
        self._line.settimeout(60)
        words = [sys.executable, "-m", "haneul.cli", "control", "--state", str(self.tree.state)]
        environment = {**os.environ, "HANEUL_STOP_FILE": str(self.tree.stop_file), "HANEUL_IDENTITY_BCRYPT_COST": "4"}
        with (self.tree.state / "control.log").open("ab") as log, theirs:
            self._control = subprocess.Popen(
                [*words, "--link", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        heard = b""
        while b"ready" not in heard:
            said = self._line.recv(4096)
            assert said, (self.tree.state / "control.log").read_text()[-2000:]
            heard += said

    def wait_for_death(self) -> None:
        """Wait until it has been killed."""
        assert self._control is not None
        assert self._control.wait(30) == -signal.SIGKILL

    def end(self) -> None:
        self.tree.http.close()
        if self._control is not None:
            self._control.terminate()
            self._control.wait(30)
            self._line.close()


@contextmanager
def second_control(tree: Tree) -> Iterator[SecondControl]:
    """Another control process, ended and cleared away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="haneul-control-"))
    control = SecondControl(tree, folder / "state")
    try:
        control.start()
        yield control
    finally:
        control.end()
        shutil.rmtree(folder)
