"""The composition root: the one place that knows kernel, host and every service, and puts them together."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import haneul.services
from haneul.kernel import ids
from haneul.kernel.bus import BusSettings, open_bus
from haneul.kernel.config import Settings
from haneul.kernel.db import Store
from haneul.kernel.db.migrate import upgrade
from haneul.kernel.http.app import CloudApp, Mount
from haneul.kernel.http.serve import Edge
from haneul.kernel.operations.engine import Engine
from haneul.kernel.policy import Overrides, Policy
from haneul.kernel.reconcile.plans import PlanDesk
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.public import Bootstrap, CatalogEntry, EpochWatch, KeyRing, Tokens, bootstrap, set_up_keys
from haneul.services.identity.service import service as identity
from haneul.services.identity.users.hashing import hashed

if TYPE_CHECKING:
    from haneul.kernel.bus import Bus
    from haneul.kernel.service import Service

ALL_SERVICES_PORT = 8700


class CloudSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the program itself needs to know; everything else has a default in its service.

    `public_host` and `public_scheme` make the URLs of the catalog; `public_urls` overrides single services' by type.
    """

    state: Path
    bind: str = "127.0.0.1"
    base_port: int = 0
    db: str = ""
    bus: str = ""
    region: str = "RegionOne"
    public_host: str = ""
    public_scheme: str = "http"
    public_urls: dict[str, str] = {}
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")

    @property
    def db_url(self) -> str:
        return self.db or f"sqlite:///{self.state / 'control' / 'haneul.db'}"

    @property
    def bus_url(self) -> str:
        return self.bus or f"unix://{self.state / 'run' / 'bus.sock'}"


class Cloud:
    """A control process's parts, put together and not yet started."""

    def __init__(self, wanted: CloudSettings, settings: Settings) -> None:
        self.wanted, self.settings = wanted, settings
        self.store = Store(wanted.db_url)
        self.identity = settings.section("identity", IdentitySettings)
        set_up_keys(wanted.state / "control" / "fernet-keys")
        self.tokens = Tokens(
            KeyRing(wanted.state / "control" / "fernet-keys"), EpochWatch(), self.identity.token_life_s
        )
        self.services = self._services()
        self.bus: Bus
        self.engine: Engine

    def _services(self) -> list[Service]:
        return [identity(self.tokens, self.identity)]

    @property
    def cloud_id(self) -> str:
        """Names everything that this cloud makes on hosts; made once per state folder."""
        path = self.wanted.state / "cloud-id"
        if not path.exists():
            path.write_text(ids.new_hex_id()[:12])
        return path.read_text().strip()

    def prepare(self) -> str:
        """Bring the database to today's schema and the cloud to its first contents; admin's password if just made."""
        upgrade(self.store.engine)
        password = self.identity.admin_password or ids.new_secret()
        wanted = Bootstrap(
            self.wanted.region, hashed(password, self.identity.bcrypt_cost), [self._entry(one) for one in self.services]
        )
        return password if self.store.write(lambda db: bootstrap(db, wanted)) else ""

    def start(self) -> None:
        """Start operations and the bus."""
        self.bus = open_bus(self.wanted.bus_url, "control", listen=True, settings=BusSettings(cloud_id=self.cloud_id))
        desk = PlanDesk(self.store, self.cloud_id, [plan for one in self.services for plan in one.plans])
        desk.serve(self.bus)
        self.engine = Engine(self.store, [operation for one in self.services for operation in one.operations])
        self.bus.start()
        self.engine.start()

    def stop(self) -> None:
        self.engine.stop()
        self.bus.close()
        self.store.close()

    def app(self) -> CloudApp:
        """The HTTP side."""
        mounts = {one.type: Mount(self._edge(one)) for one in self.services}
        ports = {self.port_of(one): mounts[one.type] for one in self.services}
        return CloudApp(
            list(mounts.values()),
            ports,
            public=self.wanted.public_urls,
            trusted=frozenset(self.wanted.trusted_proxies),
        )

    def ports(self) -> list[int]:
        """Every port to listen on: the services' own, and the one that has them all by path."""
        return [*(self.port_of(one) for one in self.services), ALL_SERVICES_PORT + self.wanted.base_port]

    def port_of(self, one: Service) -> int:
        return one.port + self.wanted.base_port

    def _edge(self, one: Service) -> Edge:
        rules = [route.rule for route in one.routes]
        policy = Policy(
            rules, one.base_rules, overrides=Overrides(self.wanted.state / "policy", one.type), forbidden=one.forbidden
        )
        auth_url = self._url(self.services[0])
        return Edge(service=one, store=self.store, policy=policy, checker=self.tokens, auth_url=auth_url)

    def _entry(self, one: Service) -> CatalogEntry:
        return CatalogEntry(one.type, one.name, one.description, self._url(one) + one.endpoint)

    def _url(self, one: Service) -> str:
        host = self.wanted.public_host or self.wanted.bind
        default = f"{self.wanted.public_scheme}://{host}:{self.port_of(one)}"
        return self.wanted.public_urls.get(one.type, default)


def import_tables() -> None:
    """Import every module that defines tables, wherever services keep them."""
    for folder in (haneul.services, importlib.import_module("haneul.kernel")):
        for module in pkgutil.walk_packages(folder.__path__, folder.__name__ + "."):
            if module.name.rpartition(".")[2] in ("models", "epoch"):
                importlib.import_module(module.name)
