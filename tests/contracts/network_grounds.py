"""Where network drivers are tried: the same questions, on a pretended host and on a namespace that plays a host."""

import multiprocessing
import os
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest

from haneul.host.namespaces import (
    ensure_namespace,
    inside,
    list_marked_namespaces,
    list_namespaces,
    processes_inside,
    remove_namespace,
)
from haneul.host.net.firewall import Firewall
from haneul.host.net.links import list_links, remove_link
from haneul.host.net.marks import marks_of
from haneul.services.network.drivers import DRIVERS
from haneul.services.network.drivers.base import (
    DhcpPlan,
    DhcpSubnet,
    GroupPlan,
    GroupRule,
    HostNetwork,
    Kind,
    NetworkDriver,
    Plan,
    PortPlan,
    RouterLeg,
    RouterPlan,
    SegmentPlan,
    bridge_of,
    dhcp_namespace_of,
    router_namespace_of,
    tap_of,
)
from haneul.services.network.drivers.fake import FakeDriver
from haneul.services.network.drivers.made_plans import KINDS
from haneul.services.network.drivers.settings import DriverSettings, pass_by

DRIVER_KINDS = ("fake", pytest.param("linuxbridge", marks=pytest.mark.machine))
on_each = pytest.mark.parametrize("kind", DRIVER_KINDS, indirect=True)
DIES_WITHIN_S = 30
# Never raised by the fake, so that both say the same of a host that is alone.
FAKE_HOST = HostNetwork(types=("flat", "gre", "local", "vxlan"), physical_networks=())


class Plans:
    """A network with one of everything on it; every call of a test has ids of its own."""

    def __init__(self) -> None:
        network, port, server, group, router = (str(uuid4()) for _ in range(5))
        self.segment = SegmentPlan(id=network, generation=1, type="vxlan", segmentation_id=77, mtu=1450)
        rule = GroupRule(direction="ingress", version=4, protocol=6, first=22, last=22)
        self.group = GroupPlan(id=group, generation=1, rules=(rule,))
        self.port = PortPlan(
            id=port,
            generation=1,
            network_id=network,
            mac="fa:16:3e:00:00:05",
            mtu=1450,
            addresses=("10.0.0.5",),
            groups=(group,),
        )
        self.dhcp = DhcpPlan(
            id=network,
            generation=1,
            port_id=server,
            mac="fa:16:3e:00:00:02",
            mtu=1450,
            addresses=("10.0.0.2/24",),
            domain="openstacklocal",
            lease_s=3600,
            subnets=(DhcpSubnet(id=str(uuid4()), cidr="10.0.0.0/24", gateway="10.0.0.1"),),
            metadata=True,
        )
        leg = RouterLeg(
            port_id=str(uuid4()), network_id=network, mac="fa:16:3e:00:00:01", mtu=1450, addresses=("10.0.0.1/24",)
        )
        self.router = RouterPlan(id=router, generation=1, legs=(leg,))

    def all(self) -> tuple[Plan, ...]:
        return (self.segment, self.group, self.port, self.dhcp, self.router)

    def of(self, kind: Kind) -> Plan:
        return cast(Plan, getattr(self, kind))


def newer(plan: Plan, **changes: Any) -> Any:
    """The next generation of a plan."""
    return msgspec.structs.replace(plan, generation=plan.generation + 1, **changes)


def kind_of(plan: Plan) -> Kind:
    return next(kind for kind in KINDS if type(plan).__name__.lower() == f"{kind}plan")


def ensure(driver: NetworkDriver, *plans: Plan) -> None:
    for plan in plans:
        getattr(driver, f"ensure_{kind_of(plan)}")(plan)


def remove_all(driver: NetworkDriver, plans: Plans) -> None:
    """Remove everything, as tombstones of one deletion may come: the network before what is on it."""
    for kind in ("segment", "router", "dhcp", "port", "group"):
        driver.remove(kind, plans.of(kind).id)


def made(driver: NetworkDriver) -> dict[tuple[Kind, str], int]:
    """What a driver says that it has made: the generations by kind and id."""
    return {(kind, one.id): one.generation for kind in KINDS for one in driver.list_made(kind)}


def generations(plans: Plans) -> dict[tuple[Kind, str], int]:
    return {(kind_of(plan), plan.id): plan.generation for plan in plans.all()}


class NetworkGround(ABC):
    """One host, with what the tests may ask and do behind a driver's back."""

    kind: str

    def __init__(self) -> None:
        self.cloud_id = uuid4().hex[:12]
        # Not pytest's own folder: DHCP servers run under an account that can't pass through it.
        self.root = Path(tempfile.mkdtemp(prefix="haneul-ground-"))
        self.root.chmod(0o755)
        self._drivers: list[NetworkDriver] = []

    def settings(self, reached: Callable[[str], None] = pass_by, cloud_id: str = "") -> DriverSettings:
        cloud = cloud_id or self.cloud_id
        state = self.root / cloud
        state.mkdir(exist_ok=True)
        return DriverSettings(
            cloud_id=cloud,
            state_dir=state,
            run_dir=state / "run",
            reached=reached,
            fake=FAKE_HOST,
        )

    def driver(self, reached: Callable[[str], None] = pass_by, cloud_id: str = "") -> NetworkDriver:
        """A driver as an agent makes one when it starts."""
        with self.here():
            driver = DRIVERS[self.kind](self.settings(reached, cloud_id))
            driver.recover()
        self._drivers.append(driver)
        return self.bound(driver)

    @abstractmethod
    def here(self) -> Any:
        """A context in which a driver works on this host."""

    @abstractmethod
    def bound(self, driver: NetworkDriver) -> NetworkDriver:
        """The driver, each verb of which is done on this host."""

    @abstractmethod
    def lose(self, driver: NetworkDriver, kind: Kind, thing_id: str) -> None:
        """Let a thing vanish without the driver's doing."""

    @abstractmethod
    def left(self) -> list[str]:
        """What there is on this host of any cloud's networks."""

    def close(self) -> None:
        for driver in self._drivers:
            driver.close()
        shutil.rmtree(self.root)


class FakeGround(NetworkGround):
    """A pretended host."""

    kind = "fake"

    @contextmanager
    def here(self) -> Iterator[None]:
        yield

    def bound(self, driver: NetworkDriver) -> NetworkDriver:
        return driver

    def lose(self, driver: NetworkDriver, kind: Kind, thing_id: str) -> None:
        assert isinstance(driver, FakeDriver)
        driver.lose(kind, thing_id)

    def left(self) -> list[str]:
        return [path.stem for path in self.root.rglob("*.json")]


class RealGround(NetworkGround):
    """A namespace that plays the host."""

    kind = "linuxbridge"

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"ground-{self.cloud_id}"
        self._clouds = {self.cloud_id}
        ensure_namespace(self.namespace)

    def settings(self, reached: Callable[[str], None] = pass_by, cloud_id: str = "") -> DriverSettings:
        self._clouds.add(cloud_id or self.cloud_id)
        return msgspec.structs.replace(super().settings(reached, cloud_id), tunnel_ip="127.0.0.1")

    def here(self) -> Any:
        return inside(self.namespace)

    def bound(self, driver: NetworkDriver) -> NetworkDriver:
        return cast(NetworkDriver, _Inside(driver, self.namespace))

    def lose(self, driver: NetworkDriver, kind: Kind, thing_id: str) -> None:
        if kind in ("dhcp", "router"):
            remove_namespace((dhcp_namespace_of if kind == "dhcp" else router_namespace_of)(thing_id))
        elif kind == "group":
            with self.here():
                Firewall(self.cloud_id).remove_all()
        else:
            remove_link((tap_of if kind == "port" else bridge_of)(thing_id), self.namespace)

    def left(self) -> list[str]:
        with self.here():
            links = [link.name for link in list_links() if link.name != "lo"]
            filters = [one for cloud in self._clouds for one in (*Firewall(cloud).ports(), *Firewall(cloud).groups())]
        places = [name for cloud in self._clouds for name in list_marked_namespaces(marks_of(cloud))]
        homes = [str(path) for path in self.root.glob("*/network/*/*") if path.parent.name != "made"]
        return [*links, *filters, *places, *homes, *self.programs()]

    def programs(self) -> list[str]:
        """The programs that serve this host's networks, by their command lines."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.root) in words:
                found.append(f"{folder.name} {words}")
        return sorted(found)

    def close(self) -> None:
        for cloud in self._clouds:
            for name in list_marked_namespaces(marks_of(cloud)):
                for pid in processes_inside(name):
                    os.kill(pid, signal.SIGKILL)
                remove_namespace(name)
        super().close()
        if self.namespace in list_namespaces():
            remove_namespace(self.namespace)


class _Inside:
    """A driver whose verbs are done in a namespace, as its agent lives there."""

    def __init__(self, driver: NetworkDriver, namespace: str) -> None:
        self._driver, self._namespace = driver, namespace

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return partial(self._do, getattr(self._driver, verb))

    def _do(self, verb: Callable[..., Any], *given: Any) -> Any:
        with inside(self._namespace):
            return verb(*given)


NETWORK_GROUNDS: dict[str, type[NetworkGround]] = {"fake": FakeGround, "linuxbridge": RealGround}


def die_at(ground: NetworkGround, step: str, work: Callable[[NetworkDriver], None]) -> None:
    """Let another process do some work with a driver, and be killed by SIGKILL as it reaches a step."""

    def die() -> None:
        driver = ground.driver(lambda reached: os.kill(os.getpid(), signal.SIGKILL) if reached == step else None)
        work(driver)

    # A fork of its own: what the driver has in memory is gone with it, and nothing need be loaded anew.
    process = multiprocessing.get_context("fork").Process(target=die)
    process.start()
    process.join(DIES_WITHIN_S)
    assert process.exitcode == -signal.SIGKILL, f"{step} was not reached"
