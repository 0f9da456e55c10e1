"""What a router's namespace does beyond its links: translation, forwarding, and telling its neighbours where it is."""

from haneul.host.net.router.announcements import announce, ensure_announced_addresses
from haneul.host.net.router.forwarding import Forwards, ensure_forwarding
from haneul.host.net.router.rules import ensure_router_rules, remove_router_rules
from haneul.host.net.router.seen import SeenRouter, read_router
from haneul.host.net.router.trace import Translation, translated_destination, translated_source
from haneul.host.net.router.values import Forwarding, RouterNat

__all__ = [
    "Forwarding",
    "Forwards",
    "RouterNat",
    "SeenRouter",
    "Translation",
    "announce",
    "ensure_announced_addresses",
    "ensure_forwarding",
    "ensure_router_rules",
    "read_router",
    "remove_router_rules",
    "translated_destination",
    "translated_source",
]
