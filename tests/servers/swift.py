"""A real OpenStack Swift of one device, which speaks both its own protocol and S3's."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from secrets import token_hex

from tests.servers.daemon import LOOPBACK, Daemon, free_port, run, scratch

USER = "swift"
PROJECT, ACCOUNT = "images", "glance"
KINDS = ("account", "container", "object")
PROBE_DEADLINE_S = 2.0
# The s3api filter refuses to run unless the filters that it needs stand behind it, in this order.
PIPELINE = "catch_errors healthcheck cache s3api tempauth bulk container-quotas slo dlo proxy-server"

KEYSTONE_PIPELINE = "catch_errors healthcheck cache authtoken keystoneauth slo dlo proxy-server"
KEYSTONE_ROLES = {"use": "egg:swift#keystoneauth", "operator_roles": "admin", "reseller_prefix": "AUTH"}
# swift-ring-builder needs a process for each of nine steps.
RINGS = """
import sys
from swift.common.ring import RingBuilder
host, *ports = sys.argv[1:]
for kind, port in zip(("account", "container", "object"), ports):
    builder = RingBuilder(0, 1, 0)
    place = {"region": 1, "zone": 1, "ip": host, "port": int(port), "device": "sda", "weight": 1}
    builder.add_dev({**place, "replication_ip": host, "replication_port": int(port), "meta": ""})
    builder.rebalance()
    builder.get_ring().save(kind + ".ring.gz")
"""


@dataclass
class Swift:
    """One account, container and object server, and a proxy that may be stopped and started again."""

    folder: Path
    key: str = field(default_factory=lambda: token_hex(16))
    port: int = field(default_factory=free_port)
    ports: Mapping[str, int] = field(default_factory=lambda: {kind: free_port() for kind in KINDS})
    cache_port: int = field(default_factory=free_port)
    proxy: Daemon | None = None

    @property
    def url(self) -> str:
        """Where the proxy serves: S3 at its root, the version 1 login at /auth/v1.0."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def user(self) -> str:
        """The account's name, which is S3's access key too; `key` is the secret of both."""
        return f"{PROJECT}:{ACCOUNT}"

    def start(self) -> None:
        """Start the proxy and wait until it serves."""
        assert self.proxy is None, "Swift runs already."
        self.proxy = self._server("proxy")
        self.proxy.wait_until(self.serves)

    def stop(self) -> None:
        """End the proxy, and with it every client's connection."""
        if self.proxy is not None:
            self.proxy.end()
            self.proxy = None

    def serves(self) -> bool:
        """Whether the proxy says that it is well."""
        try:
            connection = HTTPConnection(LOOPBACK, self.port, timeout=PROBE_DEADLINE_S)
            connection.request("GET", "/healthcheck")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def names(self, container: str) -> list[str]:
        """What lies in a container and in the one in which its S3 face keeps parts."""
        token = self._ask("GET", "/auth/v1.0", {"X-Auth-User": self.user, "X-Auth-Key": self.key})["X-Auth-Token"]
        found = []
        for path in (container, f"{container}%2Bsegments"):
            told = self._ask("GET", f"/v1/AUTH_{PROJECT}/{path}?format=plain", {"X-Auth-Token": token})
            found += told["body"].split()
        return found

    def limit(self, container: str, size: int) -> None:
        """Make a container that takes no more than so many bytes."""
        token = self._ask("GET", "/auth/v1.0", {"X-Auth-User": self.user, "X-Auth-Key": self.key})["X-Auth-Token"]
        headers = {"X-Auth-Token": token, "X-Container-Meta-Quota-Bytes": str(size)}
        self._ask("PUT", f"/v1/AUTH_{PROJECT}/{container}", headers)

    def forget_tokens(self) -> None:
        """Every token that was given out is worth nothing from now on."""
        with socket.create_connection((LOOPBACK, self.cache_port), PROBE_DEADLINE_S) as cache:
            cache.sendall(b"flush_all\r\n")
            assert cache.recv(16) == b"OK\r\n"

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, str]:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=PROBE_DEADLINE_S)
        connection.request(method, path, headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return {**answer.headers, "body": body if answer.status == 200 else ""}

    def configure(self) -> None:
        """Write the configuration and the rings: loopback only, one replica of everything."""
        (self.folder / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_prefix = haneul\nswift_hash_path_suffix = haneul\n"
        )
        self._write("proxy", self.port, PIPELINE, self._filters())
        for kind in KINDS:
            self._write(kind, self.ports[kind], f"{kind}-server", {})
        ports = [str(self.ports[kind]) for kind in KINDS]
        run(self.folder, ["/usr/bin/python3", "-c", RINGS, LOOPBACK, *ports], USER)
        (self.folder / "devices" / "sda").mkdir(parents=True)

    @contextmanager
    def backends(self) -> Iterator[None]:
        """The servers behind the proxy run."""
        with ExitStack() as ending:
            cache = ["memcached", "-l", LOOPBACK, "-p", str(self.cache_port), "-U", "0", "-m", "16"]
            daemons = [Daemon(self.folder, cache, USER), *(self._server(kind) for kind in KINDS)]
            for daemon in daemons:
                ending.callback(daemon.end)
            # All begin to run before the first is waited for.
            self.proxy = self._server("proxy")
            ending.callback(self.stop)
            for daemon, port in zip(daemons, (self.cache_port, *self.ports.values()), strict=True):
                daemon.wait_until(lambda port=port: _listens(port))
            self.proxy.wait_until(self.serves)
            yield

    @contextmanager
    def asking_keystone(self, identity_url: str, password: str) -> Iterator[str]:
        """Another proxy on the same servers, which asks a Keystone who its callers are; its URL."""
        asking = {
            "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
            "auth_url": identity_url,
            "www_authenticate_uri": identity_url,
            "auth_type": "password",
            "username": "admin",
            "password": password,
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
            "delay_auth_decision": "true",
            "interface": "public",
        }
        filters = {**self._filters(), "filter:authtoken": asking, "filter:keystoneauth": KEYSTONE_ROLES}
        port = free_port()
        self._write("keystone", port, KEYSTONE_PIPELINE, filters)
        with self._beside("keystone", port):
            yield f"http://{LOOPBACK}:{port}"

    @contextmanager
    def with_tls(self, certificate: Path, key: Path) -> Iterator[str]:
        """Another proxy on the same servers, which speaks HTTPS; its URL."""
        shown = {"cert_file": self.folder / "server.pem", "key_file": self.folder / "server.key"}
        for source, target in zip((certificate, key), shown.values(), strict=True):
            target.write_bytes(source.read_bytes())
        port = free_port()
        self._write("tls", port, PIPELINE, {**self._filters(), "DEFAULT": shown})
        with self._beside("tls", port):
            yield f"https://{LOOPBACK}:{port}"

    @contextmanager
    def _beside(self, name: str, port: int) -> Iterator[None]:
        proxy = Daemon(self.folder, ["swift-proxy-server", str(self.folder / f"{name}.conf"), "-v"], USER)
        try:
            proxy.wait_until(lambda: _listens(port))
            yield
        finally:
            proxy.end()

    def _server(self, kind: str) -> Daemon:
        return Daemon(self.folder, [f"swift-{kind}-server", str(self.folder / f"{kind}.conf"), "-v"], USER)

    def _write(self, kind: str, port: int, pipeline: str, filters: Mapping[str, Mapping[str, object]]) -> None:
        app = pipeline.split()[-1].removesuffix("-server")
        default = {
            "bind_ip": LOOPBACK,
            "bind_port": port,
            "workers": 0,
            "user": USER,
            "swift_dir": self.folder,
            "devices": self.folder / "devices",
            "mount_check": "false",
            "fallocate_reserve": 0,
            "log_address": self.folder / "log",
            **filters.get("DEFAULT", {}),
        }
        sections: dict[str, Mapping[str, object]] = {
            "DEFAULT": default,
            "pipeline:main": {"pipeline": pipeline},
            f"app:{app}-server": {"use": f"egg:swift#{app}", "account_autocreate": "true"},
            **{name: section for name, section in filters.items() if name != "DEFAULT"},
        }
        (self.folder / f"{kind}.conf").write_text(
            "".join(
                f"[{name}]\n" + "".join(f"{option} = {value}\n" for option, value in section.items())
                for name, section in sections.items()
            )
        )

    def _filters(self) -> dict[str, Mapping[str, object]]:
        account = {f"user_{PROJECT}_{ACCOUNT}": f"{self.key} .admin"}
        return {
            **{f"filter:{name}": {"use": f"egg:swift#{name}"} for name in ("catch_errors", "healthcheck", "bulk")},
            **{f"filter:{name}": {"use": f"egg:swift#{name}"} for name in ("slo", "dlo")},
            "filter:container-quotas": {"use": "egg:swift#container_quotas"},
            "filter:cache": {"use": "egg:swift#memcache", "memcache_servers": f"{LOOPBACK}:{self.cache_port}"},
            "filter:s3api": {"use": "egg:swift#s3api", "allow_multipart_uploads": "true"},
            "filter:tempauth": {"use": "egg:swift#tempauth", **account},
        }


@contextmanager
def running() -> Iterator[Swift]:
    """A Swift, started from nothing and ended with nothing left."""
    with scratch(USER) as folder:
        swift = Swift(folder)
        swift.configure()
        (folder / "devices" / "sda").chmod(0o777)
        with swift.backends():
            yield swift


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), PROBE_DEADLINE_S):
        return True
    return False
