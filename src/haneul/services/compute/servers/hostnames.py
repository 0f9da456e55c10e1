"""What a server is called inside."""

import re

from msgspec import UNSET, UnsetType

from haneul.kernel.errors import BadRequest

LABEL = r"[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+"
LONGEST = 63


def made_of(name: str, default: str) -> str:
    """A host name made of a server's name, as Nova makes it; the default where nothing of it can stay."""
    kept = re.sub(r"[^\w-]+", "", re.sub(r"[ _.]", "-", _latin(name)[:LONGEST])).lower().strip(".-")
    return kept or default[:LONGEST]


def refuse_wrong(hostname: str | UnsetType, *, may_have_domain: bool) -> None:
    """BadRequest for a host name with a domain, or longer than one part of it, where only newer versions take that."""
    if hostname is UNSET or may_have_domain:
        return
    if len(hostname) > LONGEST or not re.fullmatch(LABEL, hostname):
        raise BadRequest(
            "Invalid input for field/attribute hostname. Value: {value}. '{value}' does not match '^{label}$'",
            value=hostname,
            label=LABEL,
        )


def _latin(name: str) -> str:
    return name.encode("latin-1", "ignore").decode("latin-1")
