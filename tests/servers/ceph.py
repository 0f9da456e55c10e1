"""A real Ceph cluster of one monitor and one daemon of storage, which keeps its objects in memory."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.servers.daemon import LOOPBACK, Daemon, as_user, free_port, run, scratch

USER = "ceph"
POOL = "images"
# What the cluster is told once its monitor runs: the storage daemon's place and key, and a pool. Each is a command of
# the monitor's; the program `ceph` would need most of a second for each.
BEGIN = """
import json, pathlib, rados, sys
conf, osd_uuid, pool = sys.argv[1:]
key = pathlib.Path("osd/keyring").read_text().split("key = ")[1].split()[0]
cluster = rados.Rados(conffile=conf)
cluster.connect(timeout=20)
def tell(prefix, given=b"", **words):
    code, _, said = cluster.mon_command(json.dumps({"prefix": prefix, **words}), given)
    assert code == 0, said
tell("osd new", json.dumps({"cephx_secret": key}).encode(), uuid=osd_uuid, id=0)
tell("osd pool create", pool=pool, pg_num=8, pgp_num=8, size=1, autoscale_mode="off")
tell("osd pool application enable", pool=pool, app="rbd")
tell("auth get-or-create", entity="client.glance", caps=["mon", "profile rbd", "osd", "profile rbd pool=" + pool])
code, out, said = cluster.mon_command(json.dumps({"prefix": "auth get", "entity": "client.glance"}), b"")
assert code == 0, said
pathlib.Path("glance.keyring").write_bytes(out)
cluster.shutdown()
"""
UP = """
import json, rados, sys
cluster = rados.Rados(conffile=sys.argv[1])
cluster.connect(timeout=20)
code, out, said = cluster.mon_command(json.dumps({"prefix": "osd stat", "format": "json"}), b"")
sys.exit(0 if json.loads(out)["num_up_osds"] == 1 else 1)
"""
NAMES = """
import rados, rbd, sys
cluster = rados.Rados(conffile=sys.argv[1])
cluster.connect(timeout=20)
print(*rbd.RBD().list(cluster.open_ioctx(sys.argv[2])))
"""
STORED = """
import rados, rbd, sys
cluster = rados.Rados(conffile=sys.argv[1])
cluster.connect(timeout=20)
held = []
with rbd.Image(cluster.open_ioctx(sys.argv[2]), sys.argv[3], read_only=True) as image:
    image.diff_iterate(0, image.size(), None, lambda at, length, there: held.append(length if there else 0))
print(sum(held))
"""
WRITING = """
import rados, rbd, sys
cluster = rados.Rados(conffile=sys.argv[1])
cluster.connect(timeout=20)
with rbd.Image(cluster.open_ioctx(sys.argv[2]), sys.argv[3]) as image:
    print("open", flush=True)
    sys.stdin.read()
"""


@dataclass
class Ceph:
    """One cluster; its storage daemon may be stopped, and then nothing answers."""

    folder: Path
    port: int = field(default_factory=free_port)
    fsid: str = field(default_factory=lambda: str(uuid4()))
    storage: Daemon | None = None

    @property
    def conf(self) -> Path:
        """What a client is configured with; its account is `glance`."""
        return self.folder / "ceph.conf"

    def configure(self) -> None:
        """Write the configuration, the keys, and the daemons' folders."""
        settings = {
            "fsid": self.fsid,
            "mon_host": f"v2:{LOOPBACK}:{self.port}",
            "public_addr": LOOPBACK,
            "run_dir": self.folder,
            "log_file": self.folder / "$name.log",
            "admin_socket": "",
            "mon_data": self.folder / "mon",
            "osd_data": self.folder / "osd",
            "osd_objectstore": "memstore",
            "memstore_device_bytes": 512 << 20,
            "osd_pool_default_size": 1,
            "osd_crush_chooseleaf_type": 0,
            # How long a writer that died keeps its image from being deleted; by itself half a minute.
            "osd_client_watch_timeout": 2,
            "mon_allow_pool_size_one": "true",
            "mon_allow_pool_delete": "true",
            "ms_bind_msgr1": "false",
            "auth_allow_insecure_global_id_reclaim": "false",
        }
        keyrings = {
            "client.admin": {"keyring": self.folder / "keyring"},
            "client.glance": {"keyring": self.folder / "glance.keyring"},
        }
        sections = {"global": settings, **keyrings}
        self.conf.write_text(
            "".join(
                f"[{name}]\n" + "".join(f"{option} = {value}\n" for option, value in section.items())
                for name, section in sections.items()
            )
        )
        self._make_keys()
        for folder in ("mon", "osd"):
            (self.folder / folder).mkdir()
            (self.folder / folder).chmod(0o777)

    def _make_keys(self) -> None:
        new = ["ceph-authtool", "--create-keyring", "--gen-key"]
        every = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"]
        run(self.folder, [*new, "mon.keyring", "-n", "mon.", "--cap", "mon", "allow *"], USER)
        run(self.folder, [*new, "keyring", "-n", "client.admin", *every], USER)
        run(self.folder, ["ceph-authtool", "mon.keyring", "--import-keyring", "keyring"], USER)
        address = f"[v2:{LOOPBACK}:{self.port}]"
        run(self.folder, ["monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", address, "monmap"], USER)

    @contextmanager
    def daemons(self) -> Iterator[None]:
        """The monitor and the storage daemon run, and there is a pool."""
        conf = ["-c", str(self.conf)]
        made = ["--mkfs", "--monmap", "monmap", "--keyring", "mon.keyring"]
        run(self.folder, ["ceph-mon", *conf, "-i", "a", *made], USER)
        monitor = Daemon(self.folder, ["ceph-mon", *conf, "-i", "a", "-f"], USER)
        try:
            uuid = str(uuid4())
            new = ["ceph-authtool", "--create-keyring", "--gen-key", "osd/keyring", "-n", "osd.0"]
            run(self.folder, new, USER)
            run(self.folder, ["/usr/bin/python3", "-c", BEGIN, str(self.conf), uuid, POOL], USER)
            run(self.folder, ["ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", uuid], USER)
            self.storage = Daemon(self.folder, ["ceph-osd", *conf, "-i", "0", "-f"], USER)
            try:
                self.storage.wait_until(self._is_up)
                yield
            finally:
                self.storage.end()
        finally:
            monitor.end()

    def names(self) -> list[str]:
        """The images in the pool, whole or not."""
        return run(self.folder, ["/usr/bin/python3", "-c", NAMES, str(self.conf), POOL], USER).split()

    def stored(self, image: str) -> int:
        """How many bytes of an image the pool really holds."""
        return int(run(self.folder, ["/usr/bin/python3", "-c", STORED, str(self.conf), POOL, image], USER))

    @contextmanager
    def writing(self, image: str) -> Iterator["subprocess.Popen[str]"]:
        """Another client, which has an image open to write to it."""
        argv = as_user(USER, ["/usr/bin/python3", "-c", WRITING, str(self.conf), POOL, image])
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            assert client.stdout.readline() == "open\n"
            yield client
            client.stdin.close()

    def _is_up(self) -> bool:
        try:
            run(self.folder, ["/usr/bin/python3", "-c", UP, str(self.conf)], USER)
        except AssertionError:
            return False
        return True


@contextmanager
def running() -> Iterator[Ceph]:
    """A cluster, started from nothing and ended with nothing left."""
    with scratch(USER) as folder:
        cluster = Ceph(folder)
        cluster.configure()
        with cluster.daemons():
            yield cluster
