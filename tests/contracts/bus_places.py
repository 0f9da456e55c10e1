"""Where the bus's contract is tested: a cloud of buses on either wire, and traffic between them."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.contracts.bus_wires import Local, Missing, Place, Rabbit

from haneul.kernel.bus import CONTROL, Bus, BusError

PATIENCE_S = 20.0
PLACES = ["local", pytest.param("rabbitmq", marks=pytest.mark.broker)]


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


def refuse(sentence: str) -> None:
    raise BusError("conflict", sentence)


def miss(name: str) -> None:
    raise Missing(name)


def stumble(_: None) -> None:
    raise ZeroDivisionError("a secret of the serving side")


class Cloud:
    """The buses of one test, all of which serve the same methods."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._buses: list[Bus] = []

    def bus(self, name: str) -> Bus:
        """A bus that serves and is not yet started."""
        made = self.place.bus(name)
        made.serve("echo", bytes, lambda content: content)
        made.serve("who", type(None), lambda _: name)
        made.serve("add", tuple[int, int], lambda numbers: numbers[0] + numbers[1])
        made.serve("nap", float, nap)
        made.serve("refuse", str, refuse)
        made.serve("miss", str, miss)
        made.serve("stumble", type(None), stumble)
        self._buses.append(made)
        return made

    def join(self, name: str) -> Bus:
        """A bus that has been started and, unless it is control, is known to the first control."""
        joined = self.bus(name)
        joined.start()
        if name != CONTROL:
            assert eventually(lambda: name in self._buses[0].peers())
        return joined

    def close(self) -> None:
        for bus in self._buses:
            bus.close()


def eventually(true: Callable[[], bool], deadline_s: float = PATIENCE_S) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + deadline_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def answers(bus: Bus, peer: str) -> bool:
    """Whether a peer can be called now."""
    try:
        return bus.call(peer, "add", (1, 2), returns=int, deadline_s=1.0) == 3
    except BusError:
        return False


class Traffic:
    """Calls both ways without a pause; each must end in the right answer or in a BusError, and soon."""

    def __init__(self, *pairs: tuple[Callable[[], Bus], str]) -> None:
        self.wrong: list[BaseException | str] = []
        self.right = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=pair) for pair in pairs for _ in range(2)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "A call hangs."

    def _ask(self, asking: Callable[[], Bus], peer: str) -> None:
        while not self._ended.is_set():
            try:
                said = asking().call(peer, "who", None, returns=str, deadline_s=1.0)
                self.right += 1
                if said != peer:
                    self.wrong.append(said)
            except BusError:
                time.sleep(0.01)
            except BaseException as error:
                self.wrong.append(error)


@pytest.fixture(params=PLACES)
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    if request.param == "local":
        made = Cloud(Local(tmp_path_factory.mktemp("bus")))
    else:
        made = Cloud(Rabbit(request.getfixturevalue("rabbitmq_server")))
    yield made
    made.close()
