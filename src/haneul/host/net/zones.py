"""Addresses that mean something on one machine alone."""


def refuse_zone(address: str) -> str:
    """The same text; ValueError for an IPv6 address with a zone, which `ipaddress` takes whatever text that is."""
    if "%" in address:
        raise ValueError(f"The address {address!r} has a zone.")
    return address
