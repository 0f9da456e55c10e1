"""haproxy's configuration for one namespace: who asks is told by the proxy and by nobody else."""

import ipaddress
import re
from pathlib import Path

from msgspec import Struct

from haneul.host.net.links import refuse_bad_name

METADATA_ADDRESS, METADATA_ADDRESS_6 = "169.254.169.254", "fe80::a9fe:a9fe"
METADATA_PORT = 80
# The names that Neutron's agents use.
ROUTER_HEADER, NETWORK_HEADER, ADDRESS_HEADER = "X-Neutron-Router-ID", "X-Neutron-Network-ID", "X-Forwarded-For"
ID = re.compile(r"[0-9A-Za-z-]{1,64}")
PATH = re.compile(r"/[\w./:@+-]+", re.ASCII)
# What the kernel takes as the path of a unix socket.
SOCKET_PATH_BYTES = 107
# One password, encrypted, is what a guest may send: less than a kilobyte in base64.
BODY_BYTES = 8192
CONNECTIONS, CONNECTIONS_OF_ONE, CONNECTIONS_TO_AGENT = 128, 16, 16


class Listen(Struct, frozen=True, kw_only=True):
    """Where a proxy listens; with a link, on that link only."""

    address: str
    port: int
    link: str = ""


class ProxyPlan(Struct, frozen=True, kw_only=True):
    """A proxy in the named namespace, for one router or one network, that runs as `uid` and `gid`.

    `folder` is its own; `socket` is the agent's, which `uid` or `gid` may connect to.
    """

    folder: Path
    namespace: str
    socket: Path
    listens: tuple[Listen, ...]
    uid: int
    gid: int
    router_id: str = ""
    network_id: str = ""


def router_listens(port: int, *, has_ipv6: bool = True) -> tuple[Listen, ...]:
    """Where a router's proxy listens: on every address, since what is redirected comes to the link's own."""
    return tuple(Listen(address=address, port=port) for address in ("0.0.0.0", "::")[: 1 + has_ipv6])


def dhcp_listens(link: str, *, has_ipv6: bool = True) -> tuple[Listen, ...]:
    """Where a network's proxy listens; the link has to have these addresses, the second without a tentative time."""
    addresses = (METADATA_ADDRESS, METADATA_ADDRESS_6)[: 1 + has_ipv6]
    return tuple(Listen(address=address, port=METADATA_PORT, link=link) for address in addresses)


def refuse_malformed(plan: ProxyPlan) -> None:
    """ValueError for values that could become something else in a configuration."""
    if bool(plan.router_id) == bool(plan.network_id):
        raise ValueError("A metadata proxy is either a router's or a network's.")
    if not ID.fullmatch(plan.router_id or plan.network_id):
        raise ValueError("The id of a router or network consists of letters, digits and dashes.")
    if not PATH.fullmatch(str(plan.socket)) or len(bytes(plan.socket)) > SOCKET_PATH_BYTES:
        raise ValueError(f"{plan.socket} can't be the path of a metadata socket.")
    if not plan.listens:
        raise ValueError("A metadata proxy needs an address to listen on.")
    for listen in plan.listens:
        ipaddress.ip_address(listen.address)
        if listen.link:
            refuse_bad_name(listen.link)


def config_of(plan: ProxyPlan) -> str:
    """The whole configuration; the same text for the same plan."""
    refuse_malformed(plan)
    header = f"{ROUTER_HEADER} {plan.router_id}" if plan.router_id else f"{NETWORK_HEADER} {plan.network_id}"
    binds = "\n".join(f"    {_bind(listen)}" for listen in plan.listens)
    return f"""\
global
    uid {plan.uid}
    gid {plan.gid}
    nbthread 1
    maxconn {CONNECTIONS}
    tune.bufsize 16384
    tune.maxrewrite 1024
    tune.http.maxhdr 64

defaults
    mode http
    # Small clients read until the connection is closed.
    option httpclose
    # A body that comes slowly waits here, not at the agent.
    option http-buffer-request
    timeout http-request 5s
    timeout client 10s
    timeout connect 2s
    timeout queue 10s
    timeout server 20s

frontend guests
{binds}
    maxconn {CONNECTIONS}
    # No guest can take all connections of its network.
    stick-table type ipv6 size 4k expire 60s store conn_cur
    tcp-request connection track-sc0 src
    tcp-request connection reject if {{ sc0_conn_cur gt {CONNECTIONS_OF_ONE} }}
    http-request deny deny_status 405 if !{{ method GET HEAD POST PUT }}
    http-request return status 411 if {{ req.hdr(Transfer-Encoding) -m found }}
    http-request deny deny_status 413 if {{ req.hdr_val(Content-Length) gt {BODY_BYTES} }}
    # Whatever a client says of itself or of others before it is not believed.
    http-request del-header (?i)^x[-_] -m reg
    http-request del-header (?i)^(connection|upgrade|forwarded|via|proxy.*|.*_.*)$ -m reg
    http-request set-header {ADDRESS_HEADER} %[src]
    http-request set-header {header}
    default_backend agent

backend agent
    server agent unix@{plan.socket} maxconn {CONNECTIONS_TO_AGENT}
"""


def _bind(listen: Listen) -> str:
    words = ["bind", f"{listen.address}:{listen.port}"]
    if ":" in listen.address:
        words.append("v6only")
    if listen.link:
        words += ["interface", listen.link]
    return " ".join(words)
