"""An upload byte by byte, for what a well-behaved client never does."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.support.cloud import Client


class SlowUpload:
    """A PUT whose body is sent in pieces."""

    def __init__(self, client: Client, image_id: str, *framing: str) -> None:
        address = urlsplit(client.running.url("image"))
        assert address.hostname is not None
        self.socket = socket.create_connection((address.hostname, address.port), timeout=20)
        head = [
            f"PUT /v2/images/{image_id}/file HTTP/1.1",
            f"Host: {address.netloc}",
            f"X-Auth-Token: {client.token}",
            "Content-Type: application/octet-stream",
            *framing,
        ]
        self.send("\r\n".join(head).encode() + b"\r\n\r\n")

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def status(self) -> int:
        """The answer's status."""
        return int(self.socket.recv(4096).split()[1])


@contextmanager
def slow_upload(client: Client, image_id: str, *framing: str) -> Iterator[SlowUpload]:
    """Begin an upload; the connection ends with the block, whatever is missing."""
    upload = SlowUpload(client, image_id, *framing)
    try:
        yield upload
    finally:
        upload.socket.close()


def until(true: Callable[[], bool], deadline_s: float = 10) -> None:
    """Wait for something that another thread does soon."""
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
