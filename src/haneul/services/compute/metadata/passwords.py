"""The password that a guest has made for itself, encrypted for its owner: the guest posts it once."""

from haneul.kernel.db import Db, by
from haneul.services.compute.metadata.models import Password, passwords
from haneul.services.network.public import MetadataReply

MOST_BYTES = 4 * 255
PATH = "password"
OF_SERVER = by(Password, passwords, "server_id")


def is_of(path: str) -> bool:
    """Whether a metadata path is that of the password."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    return len(parts) == 3 and parts[0] == "openstack" and parts[2] == PATH


def of(db: Db, server_id: str) -> str:
    """What the guest has posted; empty if it has not."""
    found = db.one(OF_SERVER, server_id=server_id)
    return found.encrypted if found is not None else ""


def take(db: Db, server_id: str, body: bytes) -> MetadataReply:
    """Keep what the guest posts, unless it has posted before or posts too much."""
    if len(body) > MOST_BYTES:
        return MetadataReply(400, b"400 Bad Request\n\nRequest is too large.\n")
    if of(db, server_id):
        return MetadataReply(409, b"409 Conflict\n")
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        return MetadataReply(400, b"400 Bad Request\n")
    db.insert(passwords, Password(server_id, text))
    return MetadataReply(200, b"")


def forget(db: Db, server_id: str) -> None:
    """Clear the password here; the guest's own stays what it is. Repeatable."""
    db.delete(passwords, server_id=server_id)
