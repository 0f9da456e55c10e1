"""`haneul demo`: from nothing to a login over ssh, through the real client, with the time of each step."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from haneul.cli import seeds, ssh
from haneul.cli.client import AdminClient
from haneul.cli.failures import Failure
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Flags, Layout
from haneul.host import run as running

T = TypeVar("T")
FLAVOR = "m1.nano"
CLIENT_S = 180.0
ACTIVE_S = 120.0
BOOT_S = 180.0
LOOK_S = 0.1
TAIL_LINES = 20
PROMPT = "login:"
LOGIN = "cirros"
EXTERNAL_NAME = str(seeds.EXTERNAL["name"])
SUBNET = "10.5.5.0/24"
LOOK_AROUND = "uname -a; ip address show eth0; ip route"


@click.command("demo")
@with_cloud
@click.option("--simulate", is_flag=True, default=None, help="With a simulated cloud, if there is none yet.")
def demo_command(layout: Layout, screen: Screen, simulate: bool | None) -> None:
    """Boot a server on a network of its own and log into it, with the time of each step. The cloud goes on running."""
    Demo(layout, screen).run(simulate)


class Demo:
    """The steps, each told with its time when it is done."""

    def __init__(self, layout: Layout, screen: Screen) -> None:
        self._layout, self._screen = layout, screen
        self._client = _client()
        self._admin: AdminClient
        self._times: dict[str, float] = {}

    def run(self, simulate: bool | None) -> None:
        """Up, a network with a way out, a server on it, an address that the machine reaches, and a login."""
        began = time.monotonic()
        self._timed("the cloud is up, with an image to boot", lambda: self._up(simulate))
        settings = self._layout.settings()
        self._admin = AdminClient(self._layout, settings)
        name = f"demo-{int(time.time())}"
        key = ssh.make_key(self._layout.state / "demo", name)
        self._network(name)
        server = self._server(name, key)
        floating = self._say("floating", "ip", "create", EXTERNAL_NAME)["floating_ip_address"]
        self._do("server", "add", "floating", "ip", name, floating)
        said = "" if settings.simulate else self._logged_in(floating, key)
        console = self._timed("the console shows a login prompt", lambda: self._console(server["id"]))
        self._show(name, floating, key, (said, console))
        self._screen.line(f"The server {name} runs, after {time.monotonic() - began:.1f} s in all. The cloud goes on.")
        here = _where_programs_are()
        self._screen.line(f"Log in:     ssh -i {key} {LOGIN}@{floating}")
        self._screen.line(f"Remove it:  . {self._layout.openrc}; {here}openstack server delete {name}")
        self._screen.line(f"Stop:       {here}haneul down --guests --state {self._layout.state}")
        self._screen.result(
            {
                "server": server["id"],
                "name": name,
                "address": floating,
                "key": str(key),
                "seconds": self._times,
                "console": console,
            }
        )

    def _network(self, name: str) -> None:
        """A network of its own, a subnet, a router to the outside, and a security group that lets the login through."""
        self._say("network", "create", name)
        self._say("subnet", "create", name, "--network", name, "--subnet-range", SUBNET)
        self._say("router", "create", name)
        self._do("router", "add", "subnet", name, name)
        self._do("router", "set", name, "--external-gateway", EXTERNAL_NAME)
        self._say("security", "group", "create", name)
        self._say("security", "group", "rule", "create", "--protocol", "icmp", name)
        self._say("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", name)

    def _server(self, name: str, key: Path) -> dict[str, Any]:
        self._say("keypair", "create", "--public-key", f"{key}.pub", name)
        image = seeds.image_name(self._layout.settings())
        what = ("--image", image, "--flavor", FLAVOR, "--network", name, "--security-group", name, "--key-name", name)
        server = self._say("server", "create", *what, name)
        self._timed("the server is ACTIVE", lambda: self._active(server["id"]))
        return server

    def _logged_in(self, address: str, key: Path) -> str:
        """What the guest says of itself to who logs in over its floating IP."""
        self._timed(f"{address} answers on port 22", lambda: self._reached(address))
        return self._timed(f"ssh {LOGIN}@{address}", lambda: ssh.say(address, LOGIN, key, LOOK_AROUND))

    def _reached(self, address: str) -> None:
        _until(
            lambda: ssh.is_reached(address),
            BOOT_S,
            f"The server does not answer at {address}",
            "haneul trace packet --to that address --tcp 22 says where a packet is dropped.",
        )

    def _show(self, name: str, address: str, key: Path, told: tuple[str, str]) -> None:
        said, console = told
        self._screen.line()
        self._screen.line(f"{name} is at {address}.")
        for title, text in (("the guest", said), ("its console", console)):
            lines = text.splitlines()[-TAIL_LINES:]
            if lines:
                self._screen.line()
                self._screen.line(f"{title} says:")
            for line in lines:
                self._screen.line(f"  | {line}")
        self._screen.line()

    def _timed(self, what: str, step: Callable[[], T]) -> T:
        began = time.monotonic()
        with self._screen.doing(f"{what} ..."):
            result = step()
        self._times[what] = round(time.monotonic() - began, 3)
        self._screen.line(f"{self._times[what]:7.1f} s  {what}")
        return result

    def _up(self, simulate: bool | None) -> None:
        from haneul.cli.bring_up import bring_up

        outcome = bring_up(self._layout, self._screen, Flags(simulate=simulate))
        if outcome.settings.bare:
            raise Failure("This cloud is a bare one and has no image to boot.", "haneul down; haneul up --no-bare")
        if not seeds.is_sown(self._layout):
            raise Failure(" ".join(outcome.notes))

    def _say(self, *words: str) -> dict[str, Any]:
        """One command of the real client, timed, and what it answers."""
        answer: dict[str, Any] = json.loads(self._do(*words, "-f", "json"))
        return answer

    def _do(self, *words: str) -> str:
        told = [word for word in words if word not in ("-f", "json")]
        return self._timed(f"openstack {' '.join(told)}", lambda: self._said(*words))

    def _active(self, server_id: str) -> None:
        """Asked by our own client, which starts in no time."""

        def status() -> bool:
            found: str = self._admin.get("compute", f"/v2.1/servers/{server_id}")["server"]["status"]
            if found == "ERROR":
                raise Failure("The server is in ERROR.", f"haneul why server {server_id}")
            return found == "ACTIVE"

        _until(status, ACTIVE_S, "The server is not ACTIVE", f"haneul why server {server_id}")

    def _console(self, server_id: str) -> str:
        said = ""

        def prompts() -> bool:
            nonlocal said
            body = {"os-getConsoleOutput": {"length": None}}
            said = self._admin.post("compute", f"/v2.1/servers/{server_id}/action", body)["output"]
            return PROMPT in said

        _until(prompts, BOOT_S, "The server shows no login prompt", f"openstack console log show {server_id}")
        return said

    def _said(self, *words: str) -> str:
        environment = {"OS_CLIENT_CONFIG_FILE": str(self._layout.clouds_yaml)}
        try:
            return running.run(
                [self._client, "--os-cloud", "haneul", *words], timeout_s=CLIENT_S, env=environment
            ).stdout.decode()
        except running.RunFailed as error:
            raise Failure(f"The client failed at `openstack {' '.join(words)}`. {error}") from error


def _until(done: Callable[[], bool], deadline_s: float, else_what: str, fix: str) -> None:
    deadline = time.monotonic() + deadline_s
    while not done():
        if time.monotonic() > deadline:
            raise Failure(f"{else_what} after {deadline_s:.0f} seconds.", fix)
        time.sleep(LOOK_S)


def _where_programs_are() -> str:
    """What to type before our programs' names; nothing where the shell finds them."""
    return "" if shutil.which("haneul") else f"{Path(sys.executable).parent}/"


def _client() -> str:
    """The client beside us, or the machine's own."""
    own = Path(sys.executable).parent / "openstack"
    if own.exists():
        return str(own)
    if running.is_installed("openstack"):
        return "openstack"
    raise Failure("The openstack client is not installed.", "pip install python-openstackclient")
