"""What the program itself is told: by flags of `haneul up`, by `haneul.toml`, by `HANEUL_CLOUD_*` variables."""

import re
import socket
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

from haneul.kernel.config import ConfigError, Settings

ALL_SERVICES_PORT = 8700
# The supervisor binds these before it may know the services, whose manifests say the same (a test compares them).
SERVICE_PORTS: Mapping[str, int] = {
    "identity": 5000,
    "block-storage": 8776,
    "compute": 8774,
    "placement": 8778,
    "image": 9292,
    "network": 9696,
}
# Ports for browsers, which no client looks for in the catalog.
SITE_PORTS: Mapping[str, int] = {"novnc": 6080}
# The addresses that mean all addresses, and where a cloud that listens there is reached from its own machine.
ANYWHERE: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class CloudOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The section `[cloud]`.

    `public_host` and `public_scheme` make the URLs of the catalog; `public_urls` overrides single services' by type,
    and the consoles' as `novnc`.
    `tls_certificate` and `tls_key` are PEM files to use in place of self-made ones. `host` is this machine's name as a
    host of servers. `external_range`: the addresses of the external network that `up` makes, of which the first is
    this machine's own; empty for a free one of 172.24.4.0/24 and those after it.
    """

    bind: str = "127.0.0.1"
    base_port: int = 0
    db: str = ""
    bus: str = ""
    region: str = "RegionOne"
    public_host: str = ""
    public_scheme: str = ""
    public_urls: dict[str, str] = {}
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    simulate: bool = False
    bare: bool = False
    tls: bool = False
    tls_certificate: str = ""
    tls_key: str = ""
    host_network: bool = False
    external_range: str = ""
    host: str = ""


class CloudSettings(CloudOptions, frozen=True, kw_only=True):
    """The same, settled, with the folder that holds the cloud's state."""

    state: Path

    @property
    def db_url(self) -> str:
        return self.db or f"sqlite:///{self.state / 'control' / 'haneul.db'}"

    @property
    def bus_url(self) -> str:
        return self.bus or f"unix://{self.state / 'run' / 'bus.sock'}"

    @property
    def scheme(self) -> str:
        return self.public_scheme or ("https" if self.tls else "http")

    @property
    def public_name(self) -> str:
        """What the catalog's URLs name, in brackets where that is an IPv6 address."""
        name = self.public_host or self.bind
        return f"[{name}]" if ":" in name else name

    @property
    def external_address(self) -> str:
        """This machine's own address on the external network that `up` makes, with its prefix; empty without one."""
        if not self.external_range:
            return ""
        network = ip_network(self.external_range)
        return f"{network.network_address + 1}/{network.prefixlen}"

    @staticmethod
    def namespace_of(cloud_id: str) -> str:
        """The network namespace in which a cloud's host part lives."""
        return f"haneul-{cloud_id}"

    @property
    def auth_url(self) -> str:
        return self.url_of("identity") + "/v3"

    @property
    def local_address(self) -> str:
        """Where the cloud is reached from its own machine."""
        return ANYWHERE.get(self.bind, self.bind)

    def port_of(self, service_type: str) -> int:
        return SERVICE_PORTS[service_type] + self.base_port

    def url_of(self, service_type: str) -> str:
        """Where clients find a service, without a last slash."""
        default = f"{self.scheme}://{self.public_name}:{self.port_of(service_type)}"
        return self.public_urls.get(service_type, default)

    @property
    def listening_ports(self) -> list[int]:
        return [port + self.base_port for port in (*SERVICE_PORTS.values(), *SITE_PORTS.values(), ALL_SERVICES_PORT)]

    def site_url(self, name: str) -> str:
        """Where browsers find a site, without a last slash."""
        default = f"{self.scheme}://{self.public_name}:{SITE_PORTS[name] + self.base_port}"
        return self.public_urls.get(name, default).rstrip("/")


def settled(state: Path, settings: Settings, flags: Mapping[str, Any]) -> CloudSettings:
    """Flags over variables over the file over defaults, and what follows from them; ConfigError for what can't be."""
    options = settings.section("cloud", CloudOptions)
    told = {**msgspec.structs.asdict(options), **flags}
    if told["tls_certificate"]:
        told["tls"] = True
    if told["bind"] in ANYWHERE and not told["public_host"]:
        told["public_host"] = _own_address(told["bind"])
    told["host"] = told["host"] or socket.gethostname()
    _refuse_unknown_urls(told["db"], told["bus"])
    return CloudSettings(state=state, **told)


def _refuse_unknown_urls(db: str, bus: str) -> None:
    # Neither URL is repeated in full: both may hold a password.
    if db and not re.match(r"(sqlite|mysql|mariadb|postgresql)(\+\w+)?://", db):
        raise ConfigError(
            f"A database can't be at a URL of the kind {_kind(db)}: use mysql://USER:PASSWORD@HOST/NAME or "
            "postgresql://USER:PASSWORD@HOST/NAME."
        )
    if bus and not re.match(r"(amqps?|unix)://", bus):
        raise ConfigError(f"A bus can't be at a URL of the kind {_kind(bus)}: use amqp://USER:PASSWORD@HOST.")


def _kind(url: str) -> str:
    return url.partition(":")[0]


def _own_address(bind: str) -> str:
    """The address that this machine would use towards others; a connected datagram socket sends nothing."""
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in bind else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:
            return "localhost"
        return str(probe.getsockname()[0])
