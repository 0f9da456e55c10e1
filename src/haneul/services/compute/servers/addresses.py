"""Addresses that a user says his server can be reached at."""

from haneul.kernel.errors import BadRequest
from haneul.services.network.public import address_in


def canonical(value: str, family: int, name: str) -> str:
    """The address in its usual spelling, empty for none; BadRequest if it isn't one of this family."""
    if not value:
        return ""
    try:
        found = address_in(value)
    except ValueError:
        found = None
    if found is None or found.version != family:
        raise BadRequest("Invalid input for field/attribute {name}. Value: {value}.", name=name, value=value[:100])
    return str(found)
