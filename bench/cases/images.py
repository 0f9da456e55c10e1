"""Images: their records, and their bytes on the way in and out."""

import hashlib
import json
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.case import Bench, Case, per_cpu_second, rate
from bench.cloud import BenchCloud
from bench.figures import Figure, Outcome
from bench.load import Plan, request, send
from bench.measure import memory_mb

MIB, GIB = 1 << 20, 1 << 30
PIECE = 4 * MIB
ROUNDS = 3
IMAGES = 1000
CROWD = 50
RAW = {"disk_format": "raw", "container_format": "bare"}


def records(bench: Bench) -> Outcome:
    """Image records made, and a thousand of them listed."""
    cloud = bench.simulated
    port = cloud.port("image")
    headers = {"X-Auth-Token": cloud.token}
    body = json.dumps({"name": "record", **RAW, "hw_disk_bus": "virtio", "tags": ["a"]}).encode()
    made = Plan(port=port, requests=[request("POST", "/v2/images", headers, body)], count=IMAGES, connections=8)
    send(Plan(port=port, requests=made.requests, count=50, connections=8))
    created = rate("image records made", cloud, made, status=201, target=700)
    listing = Plan(
        port=port,
        requests=[cloud.prepared("GET", f"/v2/images?limit={IMAGES}")],
        count=bench.count(100),
        connections=2,
    )
    send(Plan(port=port, requests=listing.requests, count=5))
    lists, _ = per_cpu_second(cloud, listing, 200)
    listed = Figure(name=f"list of {IMAGES} images", value=1000 / lists, unit="ms of CPU", target=20, better="less")
    return Outcome(figures=[created, listed])


def bytes_in_and_out(bench: Bench) -> Outcome:
    """An upload beside `cp` and the same hashes on the same disk; a download beside sendfile from the same disk."""
    cloud, size = bench.simulated, GIB if not bench.quick else GIB // 8
    with tempfile.TemporaryDirectory(dir=cloud.state.parent) as folder:
        source = Path(folder) / "source"
        _write_random(source, size)
        image_id, grown = _memory_of(cloud, source)
        pairs = [(_copied_s(source), _uploaded_s(cloud, source)) for _ in range(ROUNDS)]
        sent = [(_served_s(source), _downloaded_s(cloud, image_id, size)) for _ in range(ROUNDS)]
    return Outcome(
        figures=[
            _speed("upload", pairs, size, 0.8, "cp and hashes"),
            Figure(name="memory above rest in an upload", value=grown, unit="MB", target=32, better="less"),
            _speed("download", sent, size, 0.7, "sendfile"),
        ]
    )


def crowd(bench: Bench) -> Outcome:
    """Uploads at once, none of which may fail."""
    cloud = bench.simulated
    content = os.urandom(8 * MIB)
    images = [_create(cloud) for _ in range(CROWD)]
    began = time.perf_counter()
    with ThreadPoolExecutor(CROWD) as pool:
        statuses = list(pool.map(lambda image_id: _upload(cloud, image_id, content), images))
    seconds = time.perf_counter() - began
    failed = sum(status != 204 for status in statuses)
    speed = {"MiB a second": round(CROWD * 8 / seconds)}
    name = f"of {CROWD} uploads at once failed"
    return Outcome(figures=[Figure(name=name, value=failed, unit="uploads", target=0, better="less", beside=speed)])


def _speed(name: str, pairs: list[tuple[float, float]], size: int, target: float, beside: str) -> Figure:
    return Figure(
        name=f"{name} of {size / GIB:g} GiB",
        value=statistics.median(bare / ours for bare, ours in pairs),
        unit=f"of the speed of {beside}",
        target=target,
        beside={
            "MiB a second": round(size / MIB / min(ours for _, ours in pairs)),
            f"{beside}, MiB a second": round(size / MIB / min(bare for bare, _ in pairs)),
        },
    )


def _write_random(path: Path, size: int) -> None:
    piece = os.urandom(PIECE)
    with path.open("wb") as file:
        for number in range(size // PIECE):
            file.write(number.to_bytes(8) + piece[8:])
        os.fsync(file.fileno())


def _copied_s(source: Path) -> float:
    """Copy a file to the disk and hash it as an upload is hashed."""
    target = source.with_name("copy")
    began = time.perf_counter()
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
        md5, sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()
        while piece := file.read(PIECE):
            md5.update(piece)
            sha512.update(piece)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def _create(cloud: BenchCloud) -> str:
    return str(cloud.ask("POST", "image", "/v2/images", json={"name": "bytes", **RAW}).json()["id"])


def _delete(cloud: BenchCloud, image_id: str) -> None:
    cloud.ask("DELETE", "image", f"/v2/images/{image_id}")


def _uploaded_s(cloud: BenchCloud, source: Path) -> float:
    image_id = _create(cloud)
    began = time.perf_counter()
    _send_file(cloud, image_id, source)
    seconds = time.perf_counter() - began
    _delete(cloud, image_id)
    return seconds


def _send_file(cloud: BenchCloud, image_id: str, source: Path) -> None:
    with _put(cloud, image_id, source.stat().st_size) as connection, source.open("rb") as file:
        connection.sendfile(file)
        _expect(connection, 204)


@contextmanager
def _put(cloud: BenchCloud, image_id: str, size: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", cloud.port("image")), timeout=300) as connection:
        headers = {
            "X-Auth-Token": cloud.token,
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
        }
        connection.sendall(request("PUT", f"/v2/images/{image_id}/file", headers))
        yield connection


def _upload(cloud: BenchCloud, image_id: str, content: bytes) -> int:
    with _put(cloud, image_id, len(content)) as connection:
        connection.sendall(content)
        return int(connection.recv(4096).split()[1])


def _expect(connection: socket.socket, status: int) -> None:
    said = connection.recv(4096)
    if int(said.split()[1]) != status:
        raise RuntimeError(f"Expected {status}, got {said[:200]!r}.")


def _memory_of(cloud: BenchCloud, source: Path) -> tuple[str, float]:
    """An uploaded image, and how many MB more control needed while it came in."""
    control = cloud.processes["control"]
    rest, most = memory_mb(control).rss, 0.0
    ended = threading.Event()
    image_id = _create(cloud)

    def send_it() -> None:
        try:
            _send_file(cloud, image_id, source)
        finally:
            ended.set()

    sending = threading.Thread(target=send_it)
    sending.start()
    while not ended.wait(0.02):
        most = max(most, memory_mb(control).rss)
    sending.join()
    return image_id, most - rest


def _downloaded_s(cloud: BenchCloud, image_id: str, size: int) -> float:
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", cloud.port("image")), timeout=300) as connection:
        connection.sendall(request("GET", f"/v2/images/{image_id}/file", {"X-Auth-Token": cloud.token}))
        _read(connection, size)
    return time.perf_counter() - began


def _served_s(source: Path) -> float:
    """The same from a server that does nothing but sendfile."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = os.fork()
        if not serving:
            connection, _ = listening.accept()
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with source.open("rb") as file:
                connection.sendfile(file)
            os._exit(0)
        began = time.perf_counter()
        with socket.create_connection(listening.getsockname(), timeout=300) as connection:
            connection.sendall(request("GET", "/", {}))
            _read(connection, source.stat().st_size)
        seconds = time.perf_counter() - began
        os.waitpid(serving, 0)
    return seconds


def _read(connection: socket.socket, size: int) -> None:
    """Read an answer's head and so many bytes behind it."""
    piece = bytearray(MIB)
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    left = size - len(head.partition(b"\r\n\r\n")[2])
    while left:
        received = connection.recv_into(piece)
        if not received:
            raise RuntimeError(f"The answer ended {left} bytes early.")
        left -= received


CASES = (
    Case(name="image-records", says="image records made and listed", run=records),
    Case(name="image-bytes", says="image bytes in and out, beside bare tools", run=bytes_in_and_out),
    Case(name="image-crowd", says="many uploads at once", run=crowd),
)
