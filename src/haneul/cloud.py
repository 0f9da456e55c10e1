"""The composition root: the one place that knows kernel, host and every service, and puts them together."""

from __future__ import annotations

import importlib
import pkgutil
from functools import partial
from typing import TYPE_CHECKING

import msgspec

import haneul.services
from haneul.host.disk import durable
from haneul.kernel import ids
from haneul.kernel.bus import BusError, BusSettings, open_bus
from haneul.kernel.config import Settings
from haneul.kernel.db import Store
from haneul.kernel.db.migrate import upgrade
from haneul.kernel.errors import ApiError
from haneul.kernel.events import Publisher
from haneul.kernel.http.app import CloudApp, Mount
from haneul.kernel.http.serve import Edge
from haneul.kernel.http.sites import SiteApp
from haneul.kernel.http.unbuilt import unbuilt_of
from haneul.kernel.operations.engine import Engine
from haneul.kernel.policy import Overrides, Policy, Rule, rules_of
from haneul.kernel.quota import read_limits_with
from haneul.kernel.reconcile.plans import PlanDesk, claim
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.service import service as block_storage
from haneul.services.compute.config import ComputeSettings
from haneul.services.compute.hosts_link import HostLink
from haneul.services.compute.seeds import seed_flavors
from haneul.services.compute.service import Images, Places
from haneul.services.compute.service import service as compute
from haneul.services.identity.public import (
    Bootstrap,
    CatalogEntry,
    Limits,
    bootstrap,
    move_endpoints,
    open_identity,
)
from haneul.services.identity.service import service as identity
from haneul.services.identity.users.hashing import hashed
from haneul.services.image.config import ImageSettings
from haneul.services.image.metadefs.catalog.loading import load_catalog
from haneul.services.image.service import open_images
from haneul.services.image.service import service as image
from haneul.services.network.config import NetworkSettings
from haneul.services.network.service import service as network
from haneul.services.placement.service import service as placement
from haneul.settings import ALL_SERVICES_PORT, CloudSettings

if TYPE_CHECKING:
    from haneul.kernel.bus import Bus
    from haneul.kernel.http.sites import Site
    from haneul.kernel.service import Service, Worker


class Cloud:
    """A control process's parts, put together and not yet started."""

    def __init__(self, wanted: CloudSettings, settings: Settings) -> None:
        self.wanted, self.settings = wanted, settings
        self.store = Store(wanted.db_url)
        self.identity = open_identity(wanted.state / "control", settings)
        is_strict = self.identity.settings.limit_model == "strict_two_level"
        read_limits_with(self.store, Limits(wanted.region, is_strict))
        self.hosts = HostLink()
        own = settings.section("image", ImageSettings)
        self.images = open_images(wanted.state / "control" / "images", own, self.hosts)
        self.services = self._services()
        self.bus: Bus
        self.engine: Engine
        self.events: Publisher
        self.workers: list[Worker] = []

    def _services(self) -> list[Service]:
        return [
            identity(self.identity),
            image(self.images),
            placement(),
            network(self.settings.section("network", NetworkSettings)),
            block_storage(self.settings.section("block_storage", BlockStorageSettings), self.wanted.host),
            compute(
                self.hosts,
                self.settings.section("compute", ComputeSettings),
                Images(self.images.of_servers, self.images.proxied),
                Places(self.wanted.site_url("novnc"), self.wanted.url_of("image")),
            ),
        ]

    @property
    def cloud_id(self) -> str:
        """Names everything that this cloud makes on hosts; made once per state folder."""
        path = self.wanted.state / "cloud-id"
        if not path.exists():
            path.write_text(ids.new_hex_id()[:12])
        return path.read_text().strip()

    def prepare(self) -> bool:
        """Bring the database to today's schema and the cloud to its first contents; whether it is a new cloud.

        Admin's first password is written to a file before it is used, so that no crash can lose it.
        """
        upgrade(self.store.engine)
        self.store.write(lambda db: claim(db, self.cloud_id))
        cost = self.identity.settings.bcrypt_cost
        wanted = Bootstrap(
            self.wanted.region,
            lambda: hashed(self._first_password(), cost),
            [
                entry
                for one in self.services
                if one.type == "identity" or not self.wanted.bare
                for entry in self._entries(one)
            ],
            bare=self.wanted.bare,
        )
        is_new = self.store.write(lambda db: bootstrap(db, wanted))
        self._follow_moves()
        return is_new

    def _follow_moves(self) -> None:
        """Where our own addresses have changed since the last start, the catalog's endpoints follow."""
        path = self.wanted.state / "control" / "addresses.json"
        before = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
        today = {one.type: self._url(one) for one in self.services}
        if moved := {before[kind]: url for kind, url in today.items() if before.get(kind, url) != url}:
            self.store.write(lambda db: move_endpoints(db, moved))
        if today != before:
            durable.write(path, msgspec.json.encode(today))

    def seed(self) -> None:
        """Make what a new user needs, once: what an operator deletes later stays deleted."""
        done = self.wanted.state / "control" / "seeded"
        if not done.exists():
            self.store.write(seed_flavors)
            self.store.write(load_catalog)
            durable.write(done, b"")

    def _first_password(self) -> str:
        path = self.wanted.state / "control" / "admin-password"
        if not path.exists():
            durable.write(path, (self.identity.settings.admin_password or ids.new_secret()).encode())
        return path.read_text()

    def start(self) -> None:
        """Start operations and the bus."""
        told = BusSettings(cloud_id=self.cloud_id, to_error=_refusal)
        self.bus = open_bus(self.wanted.bus_url, "control", listen=True, settings=told)
        self.hosts.connect(self.bus)
        desk = PlanDesk(self.store, [plan for one in self.services for plan in one.plans])
        desk.serve(self.bus)
        for one in self.services:
            for method in one.bus_methods:
                self.bus.serve(method.name, method.takes, partial(method.answer, self.store))
            for heal in one.on_start:
                heal(self.store)
        self.engine = Engine(self.store, [operation for one in self.services for operation in one.operations])
        self.events = Publisher(self.store, self.bus)
        self.workers = [begin(self.store) for one in self.services for begin in one.workers]
        self.bus.start()
        self.engine.start()
        self.events.start()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        self.engine.stop()
        for worker in self.workers:
            worker.stop()
        self.events.stop()
        self.bus.close()
        self.store.close()

    def app(self) -> CloudApp:
        """The HTTP side."""
        mounts = {
            one.type: Mount(self._edge(one), unbuilt_of(f"haneul.services.{one.package}")) for one in self.services
        }
        ports = {self.port_of(one): mounts[one.type] for one in self.services}
        return CloudApp(
            list(mounts.values()),
            ports,
            public=self.wanted.public_urls,
            trusted=frozenset(self.wanted.trusted_proxies),
            sites={site.port + self.wanted.base_port: SiteApp(site, self.store) for site in self._sites()},
        )

    def ports(self) -> list[int]:
        """Every port to listen on: the services' own, their sites', and the one that has all services by path."""
        others = [*(site.port for site in self._sites()), ALL_SERVICES_PORT]
        return [*(self.port_of(one) for one in self.services), *(port + self.wanted.base_port for port in others)]

    def _sites(self) -> list[Site]:
        return [site for one in self.services for site in one.sites]

    def port_of(self, one: Service) -> int:
        return one.port + self.wanted.base_port

    def rules_of(self, one: Service) -> list[Rule]:
        """The rules that a service declares, on its routes and elsewhere in its package."""
        return [*(route.rule for route in one.routes), *rules_of(f"haneul.services.{one.package}")]

    def policy_of(self, one: Service) -> Policy:
        """A service's rules as they stand now, under the operator's files."""
        overrides = Overrides(self.wanted.state / "policy", one.type)
        return Policy(
            self.rules_of(one),
            one.base_rules,
            overrides=overrides,
            forbidden=one.forbidden,
            scope_types=one.scope_types,
        )

    def _edge(self, one: Service) -> Edge:
        auth_url = self._url(self.services[0])
        return Edge(
            service=one, store=self.store, policy=self.policy_of(one), checker=self.identity.tokens, auth_url=auth_url
        )

    def _entries(self, one: Service) -> list[CatalogEntry]:
        url = self._url(one) + one.endpoint
        named = {one.type: one.name, **one.also}
        return [CatalogEntry(kind, name, one.description, url) for kind, name in named.items()]

    def _url(self, one: Service) -> str:
        return self.wanted.url_of(one.type)


def _refusal(error: Exception) -> BusError | None:
    """An agent is told our own refusals in their own words."""
    return BusError(type(error).__name__, str(error)) if isinstance(error, ApiError) else None


def import_tables() -> None:
    """Import every module that defines tables, wherever services keep them."""
    for folder in (haneul.services, importlib.import_module("haneul.kernel")):
        for module in pkgutil.walk_packages(folder.__path__, folder.__name__ + "."):
            if module.name.rpartition(".")[2] in ("models", "epoch"):
                importlib.import_module(module.name)
