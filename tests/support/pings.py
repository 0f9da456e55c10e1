"""An address that is pinged all the time while other things happen."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from haneul.host.namespaces import Place, inside

EVERY_S = 0.05
# What was asked in the last moment may still be on its way.
UNDERWAY = 10
LAST_S = 1.0


class Pinging:
    """What came back; `lost` are the numbers of requests without a reply, once it has ended."""

    lost: tuple[int, ...] = ()
    replies = 0


@contextmanager
def pinging(address: str, place: Place | None = None) -> Iterator[Pinging]:
    """Ping for as long as this holds, and a moment longer."""
    seen = Pinging()
    with inside(place):
        ping = subprocess.Popen(
            ["ping", "-n", "-i", str(EVERY_S), address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    try:
        yield seen
    finally:
        try:
            ping.wait(LAST_S)
        except subprocess.TimeoutExpired:
            ping.send_signal(signal.SIGINT)
        said, _ = ping.communicate(timeout=10)
    replied = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", said)}
    asked = int(re.findall(r"(\d+) packets transmitted", said)[0])
    seen.replies, seen.lost = len(replied), tuple(sorted(set(range(1, asked - UNDERWAY)) - replied))
