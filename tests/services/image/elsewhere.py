"""Images whose bytes lie on a server of the web, and the server."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.host.net.web import Web, ok, web
from tests.services.image.shelf import show, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.db import Db
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import Place
from haneul.services.image.locations.models import ACTIVE

STORE = "web"
SETTINGS = {
    "stores": {"file": {"driver": "file"}, STORE: {"driver": "http"}},
    "fetch": {"ports": (), "networks": ("127.0.0.0/8",)},
}


class Shelf:
    """What the server has to give, and how: nothing while `open` is not set."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.open = threading.Event()
        self.open.set()
        self.first = 0
        self.web: Web

    def answer(self, request: bytes, connection: socket.socket) -> None:
        content = self.contents[request.split()[1].decode().removeprefix("/")]
        asked = re.search(rb"range: bytes=(\d+)-", request, re.IGNORECASE)
        at = int(asked[1]) if asked else 0
        total = len(content)
        more = [f"Content-Range: bytes {at}-{total - 1}/{total}"] if asked else []
        whole = ok(content[at:], *more, status="206 Partial Content" if asked else "200 OK")
        first = len(whole) - (total - at) + self.first
        connection.sendall(whole[:first])
        assert self.open.wait(20)
        connection.sendall(whole[first:])

    def requests(self, image_id: str) -> int:
        """How often the server was asked for an image."""
        return sum(f"/{image_id} ".encode() in asked for asked in self.web.asked)


@contextmanager
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    with web(made.answer) as server:
        made.web = server
        yield made


def image_elsewhere(cloud: RunningCloud, client: Client, where: Shelf, content: bytes) -> str:
    """The id of an active image whose bytes lie on the server, and nowhere else."""
    image_id = str(uploaded(client, content)["id"])
    where.contents[image_id] = content

    def move(db: Db) -> None:
        locations.condemn(db, locations.of_image(db, image_id))
        locations.add(db, image_id, Place(STORE, where.web.url(f"/{image_id}")), ACTIVE, size=len(content))

    cloud.cloud.store.write(partial(move))
    assert show(client, image_id)["stores"] == STORE
    return image_id
