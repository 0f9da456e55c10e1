"""Taps: the links that guests' virtual machines open."""

import fcntl
import os
import struct

from haneul.host.namespaces import Place, inside
from haneul.host.net.links import Link, ensure_set, find_link, refuse_bad_name, remove_link
from haneul.host.net.marks import Mark
from haneul.host.net.netlink import NetlinkFailed, netlink, refusals
from haneul.host.net.sysctls import ensure_no_ipv6

DEVICE = "/dev/net/tun"
TUNSETIFF, TUNSETPERSIST, TUNSETOWNER = 0x400454CA, 0x400454CB, 0x400454CC
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x2, 0x1000, 0x4000
REQUEST = struct.Struct("16sH22x")
ROOT_UID = 0


def ensure_tap(name: str, mtu: int, mark: Mark, *, owner_uid: int | None = None, place: Place | None = None) -> Link:
    """A tap that is up and stays when whoever has opened it goes. Its single queue is opened by one process at a time.

    `owner_uid` says who may open it; None leaves the owner, which at first is root. QEMU says for itself, when it
    opens the tap, whether its packets bear virtio's header. NetlinkFailed if the owner is to change while it is open.
    """
    refuse_bad_name(name)
    found = find_link(name, place)
    if found and not (found.kind == "tun" and found.details.get("IFLA_TUN_MULTI_QUEUE") == 0):
        remove_link(name, place)
        found = None
    if found is None:
        _make(name, mark, ROOT_UID if owner_uid is None else owner_uid, place)
    elif owner_uid not in (None, found.details.get("IFLA_TUN_OWNER")):
        _make(name, mark, owner_uid or ROOT_UID, place)
    link = find_link(name, place)
    if link is None:
        raise NetlinkFailed(f"The tap {name} vanished while it was made.", 19)
    ensure_no_ipv6(name, place)
    ensure_set(link, {"mtu": mtu, "alias": mark.text, "is_up": True}, place)
    return link


def open_tap(name: str, *, vnet_header: bool = True, place: Place | None = None) -> int:
    """Open the tap for a QEMU that may not open DEVICE itself; the descriptor, to be passed on and closed here.

    With `vnet_header` its packets bear virtio's header, which a virtio card gains from and any other can do with.
    NetlinkFailed if it is open already.
    """
    refuse_bad_name(name)
    with inside(place), refusals(f"The tap {name} can't be opened"):
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _become(descriptor, name, IFF_VNET_HDR if vnet_header else 0)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def _become(descriptor: int, name: str, flags: int) -> None:
    fcntl.ioctl(descriptor, TUNSETIFF, REQUEST.pack(name.encode(), IFF_TAP | IFF_NO_PI | flags))


def _make(name: str, mark: Mark, owner_uid: int, place: Place | None) -> None:
    # Until it is made to persist it goes with its descriptor: a crash in between leaves no tap without a mark.
    with inside(place), refusals(f"The tap {name} can't be made"):
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
        try:
            _become(descriptor, name, IFF_VNET_HDR)
            fcntl.ioctl(descriptor, TUNSETOWNER, owner_uid)
            with netlink() as kernel:
                index = kernel.link("get", ifname=name)[0]["index"]
                kernel.link("set", index=index, ifalias=mark.text, group=mark.group)
            fcntl.ioctl(descriptor, TUNSETPERSIST, 1)
        finally:
            os.close(descriptor)
