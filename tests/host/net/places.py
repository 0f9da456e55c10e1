"""Namespaces for tests: made under names of this run, and gone afterwards with all that was in them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from haneul.host.namespaces import ensure_namespace as ensure
from haneul.host.namespaces import inside, list_marked_namespaces, processes_inside, remove_namespace
from haneul.host.net.marks import Mark, marks_of
from haneul.host.run import RunFailed, end, run

PING_S = 10.0


class Places:
    """The namespaces of one test, all of one cloud that nobody else has."""

    def __init__(self) -> None:
        self.cloud_id = secrets.token_hex(8)

    def mark(self, kind: str = "test", of: str = "one") -> Mark:
        return Mark(self.cloud_id, kind, of)

    def new(self, name: str) -> str:
        full = f"t-{self.cloud_id[:6]}-{name}"
        ensure(full, self.mark("place", name).text)
        return full

    def names(self) -> list[str]:
        return sorted(list_marked_namespaces(marks_of(self.cloud_id)))


@contextmanager
def places() -> Iterator[Places]:
    made = Places()
    try:
        yield made
    finally:
        for name in made.names():
            for pid in processes_inside(name):
                end(pid, 1.0)
            remove_namespace(name)


def reaches(place: str, address: str, *, size: int = 56, tries: int = 5) -> bool:
    """Whether an address answers a ping from a namespace. A new link may take the kernel seconds to be heard of."""
    for _ in range(tries):
        with suppress(RunFailed), inside(place):
            run(["busybox", "ping", "-c1", "-W1", "-s", str(size), address], timeout_s=PING_S)
            return True
    return False
