"""Where this cloud's things are on a host, and whose mark they carry."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from haneul.host.account import Account
from haneul.host.net.marks import Mark
from haneul.services.network.drivers.settings import ExternalLink

PROXY = Account(uid=0x7FFF0002, gid=0x7FFF0002)
"""Whom metadata proxies run as: nobody else may speak to the agent's socket as one of them."""


class Ground(Struct, frozen=True, kw_only=True):
    """What each part of the driver stands on. `folder` holds the files of daemons, `socket` is the metadata server's.

    `links` are this host's devices by physical network. `reached` is told each step, so that tests can stop there.
    """

    cloud_id: str
    folder: Path
    socket: Path
    tunnel_ip: str
    links: dict[str, str]
    external: ExternalLink
    reached: Callable[[str], None]

    def mark(self, kind: str, thing_id: str) -> Mark:
        return Mark(self.cloud_id, kind, thing_id)

    @property
    def outer_link(self) -> str:
        """The machine's own end of the veth to the external network."""
        return f"hn-{self.cloud_id[:8]}"
