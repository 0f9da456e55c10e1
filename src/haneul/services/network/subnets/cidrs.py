"""Networks and addresses as users write them."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.services.network.ip_text import address_in, network_in

Prefix = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def network_of(text: str, attribute: str) -> Prefix:
    """The network that `10.0.0.0/24` names; BadRequest for what names none, or has bits set outside of its prefix."""
    _address, _slash, length = text.partition("/")
    try:
        if not (length.isascii() and length.isdigit()):
            raise ValueError
        network = network_in(text, strict=False)
    except ValueError:
        raise unfit(attribute, "'{text}' is not a valid IP subnet", text=text) from None
    if str(network) != text and ip_address(_address) != network.network_address:
        raise unfit(
            attribute,
            "'{text}' isn't a recognized IP subnet cidr, '{network}' is recommended",
            text=text,
            network=str(network),
        )
    return network


def address_of(text: str, attribute: str) -> Address:
    """The address that a text names; BadRequest for what names none."""
    try:
        return address_in(text)
    except ValueError:
        raise unfit(attribute, "'{text}' is not a valid IP address", text=text) from None


def refuse_other_version(version: int, thing: Prefix | Address, name: str) -> None:
    """BadRequest for an address of the other IP version than the subnet's."""
    if thing.version != version:
        raise wrong(
            "{name} '{thing}' does not match the ip_version '{version}'", name=name, thing=str(thing), version=version
        )


def unfit(attribute: str, reason: str, **values: Any) -> BadRequest:
    """The refusal of a field's value as such."""
    return BadRequest(
        "Invalid input for {attribute}. Reason: " + reason + ".", kind="HTTPBadRequest", attribute=attribute, **values
    )


def wrong(reason: str, **values: Any) -> BadRequest:
    """The refusal of a value that doesn't go with the others."""
    return BadRequest("Invalid input for operation: " + reason + ".", kind="InvalidInput", **values)


def unable(resource: str, reason: str, **values: Any) -> BadRequest:
    """The refusal of a request whose parts don't go together."""
    return BadRequest("Bad {resource} request: " + reason + ".", resource=resource, **values)
