"""Frames written by hand, as no honest network stack would send them."""

import struct
from ipaddress import IPv4Address, IPv6Address

BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES_MAC, ALL_NODES = "33:33:00:00:00:01", "ff02::1"
IPV4, ARP, IPV6, VLAN = 0x0800, 0x0806, 0x86DD, 0x8100
UDP, ICMPV6 = 17, 58
ROUTER_ADVERT, NEIGHBOUR_ADVERT = 134, 136
MORE_FRAGMENTS = 0x2000


def ethernet(target: str, source: str, kind: int, payload: bytes) -> bytes:
    """A frame."""
    return _mac(target) + _mac(source) + struct.pack("!H", kind) + payload


def tagged(target: str, source: str, payload: bytes) -> bytes:
    """An IPv4 packet in VLAN 5."""
    return ethernet(target, source, VLAN, struct.pack("!HH", 5, IPV4) + payload)


def arp_reply(source: str, sender_mac: str, sender: str, target: str) -> bytes:
    """A broadcast answer that `sender` is at `sender_mac`."""
    body = struct.pack("!HHBBH", 1, IPV4, 6, 4, 2)
    body += _mac(sender_mac) + IPv4Address(sender).packed + _mac(BROADCAST) + IPv4Address(target).packed
    return ethernet(BROADCAST, source, ARP, body)


def udp(source_port: int, target_port: int, payload: bytes) -> bytes:
    """A datagram without a checksum."""
    return struct.pack("!HHHH", source_port, target_port, 8 + len(payload), 0) + payload


def ipv4(source: str, target: str, payload: bytes, *, protocol: int = UDP, fragment: int = 0, id: int = 7) -> bytes:  # noqa: A002
    """A packet, or with `fragment` (the field of flags and offset) a part of one."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), id, fragment, 64, protocol, 0)
    addresses = IPv4Address(source).packed + IPv4Address(target).packed
    return head[:10] + struct.pack("!H", _sum(head + addresses)) + addresses + payload


def ipv6(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    """A packet."""
    head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255)
    return head + IPv6Address(source).packed + IPv6Address(target).packed + payload


def icmpv6(source: str, target: str, kind: int, body: bytes) -> bytes:
    """A packet of ICMPv6 with its checksum."""
    pseudo = IPv6Address(source).packed + IPv6Address(target).packed + struct.pack("!II", 4 + len(body), ICMPV6)
    summed = _sum(pseudo + struct.pack("!BBH", kind, 0, 0) + body)
    return ipv6(source, target, ICMPV6, struct.pack("!BBH", kind, 0, summed) + body)


def neighbour_advert(source: str, advertised: str) -> bytes:
    """An unsolicited advertisement, to all nodes."""
    return icmpv6(source, ALL_NODES, NEIGHBOUR_ADVERT, struct.pack("!I", 0x20000000) + IPv6Address(advertised).packed)


def router_advert(source: str) -> bytes:
    """An advertisement of a router, to all nodes."""
    return icmpv6(source, ALL_NODES, ROUTER_ADVERT, struct.pack("!BBHII", 64, 0, 1800, 0, 0))


def udp6(source: str, target: str, source_port: int, target_port: int, payload: bytes) -> bytes:
    """A packet of UDP over IPv6 with its checksum."""
    datagram = udp(source_port, target_port, payload)
    pseudo = IPv6Address(source).packed + IPv6Address(target).packed + struct.pack("!II", len(datagram), UDP)
    summed = _sum(pseudo + datagram) or 0xFFFF
    return ipv6(source, target, UDP, datagram[:6] + struct.pack("!H", summed) + payload)


def in_fragments(packet: bytes, first: int) -> list[bytes]:
    """An IPv6 packet in two fragments, the first one with so many octets (a multiple of 8)."""
    head, protocol, payload = packet[:40], packet[6], packet[40:]
    parts = (payload[:first], 1), (payload[first:], first)
    return [
        head[:4]
        + struct.pack("!HB", 8 + len(part), 44)
        + head[7:]
        + struct.pack("!BBHI", protocol, 0, offset, 99)
        + part
        for part, offset in parts
    ]


def behind_options(packet: bytes) -> bytes:
    """An IPv6 packet whose payload comes behind eight octets of destination options, which say nothing."""
    payload = struct.pack("!BBBB4x", packet[6], 0, 1, 4) + packet[40:]
    return packet[:4] + struct.pack("!HB", len(payload), 60) + packet[7:40] + payload


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _sum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
