"""Guests' way to their metadata: haproxy in a namespace, and the agent's end on a unix socket."""

from haneul.host.net.metadata_proxy.config import Listen, ProxyPlan, dhcp_listens, router_listens
from haneul.host.net.metadata_proxy.daemon import ensure_proxy, proxy_pid, remove_proxy
from haneul.host.net.metadata_proxy.server import MetadataAsk, MetadataReply, MetadataServer, serve_metadata

__all__ = [
    "Listen",
    "MetadataAsk",
    "MetadataReply",
    "MetadataServer",
    "ProxyPlan",
    "dhcp_listens",
    "ensure_proxy",
    "proxy_pid",
    "remove_proxy",
    "router_listens",
    "serve_metadata",
]
