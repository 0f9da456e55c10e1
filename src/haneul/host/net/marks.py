"""Whose a link or namespace is: what we make on a host carries its cloud's id, and nothing else is even listed."""

import zlib

from msgspec import Struct

MAKER = "haneul"


class Mark(Struct, frozen=True):
    """What is written on a thing: its cloud, what it is (`bridge`, `tap`, `router`), and of which resource."""

    cloud_id: str
    kind: str
    id: str

    @property
    def text(self) -> str:
        return f"{MAKER}:{self.cloud_id}:{self.kind}:{self.id}"

    @property
    def group(self) -> int:
        return link_group(self.cloud_id)


def read_mark(text: str) -> Mark | None:
    """The mark that stands in a text, None if it holds none."""
    parts = text.split(":", 3)
    return Mark(*parts[1:]) if len(parts) == 4 and parts[0] == MAKER else None


def marks_of(cloud_id: str) -> str:
    """How the text of every mark of this cloud begins."""
    return f"{MAKER}:{cloud_id}:"


def link_group(cloud_id: str) -> int:
    """The group of a cloud's links.

    The kernel takes a link's group at its making but its alias only afterwards: a link of the group without a mark is
    what a crash between the two has left.
    """
    return zlib.crc32(marks_of(cloud_id).encode()) | 1 << 30
