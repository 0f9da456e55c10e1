"""A real guest's screen in a viewer, by way of port 6080, control, the bus and the agent."""

import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.machine.conftest import FIRST, SECOND, Pair
from tests.support.hosts import eventually
from tests.support.viewers import ending_of, looking_at, on_websocket, opened, token_of
from websockets.exceptions import InvalidStatus

pytestmark = pytest.mark.machine
ENTER = 0xFF0D


@pytest.fixture(scope="module")
def guests(pair: Pair) -> Iterator[tuple[str, str]]:
    made = pair.on(FIRST, "shown-here"), pair.on(SECOND, "shown-there")
    yield made
    pair.tree.delete(*made)


def url_of(pair: Pair, server_id: str) -> str:
    def ask() -> httpx.Response | None:
        body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        answer = pair.tree.compute("POST", f"/servers/{server_id}/remote-consoles", body)
        return answer if answer.status_code == 200 else None

    told = eventually(ask)
    assert isinstance(told, httpx.Response)
    return str(told.json()["remote_console"]["url"])


def can_be_opened(url: str) -> bool:
    try:
        with opened(url):
            return True
    except InvalidStatus:
        return False


def test_each_guest_is_shown_by_its_own_host(pair: Pair, guests: tuple[str, str]) -> None:
    for server_id in guests:
        url = url_of(pair, server_id)
        assert url.startswith(f"http://127.0.0.1:{6080 + pair.tree.base_port}/vnc_lite.html?path=%3Ftoken%3D")
        with looking_at(url) as viewer:
            screen = viewer.greet()
            assert screen.width >= 640
            assert screen.height >= 400
            # QEMU names a screen after its guest.
            assert server_id in screen.name
            began = time.monotonic()
            assert viewer.update(screen)
            assert time.monotonic() - began < 1.0
            viewer.press(ENTER)
            assert viewer.update(screen)
            assert not can_be_opened(url)


def test_the_page_comes_from_the_same_port(pair: Pair, guests: tuple[str, str]) -> None:
    page = httpx.get(url_of(pair, guests[0]))
    assert page.status_code == 200
    assert "noVNC" in page.text
    script = httpx.get(f"http://127.0.0.1:{6080 + pair.tree.base_port}/core/rfb.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_no_token_is_logged(pair: Pair, guests: tuple[str, str]) -> None:
    url = url_of(pair, guests[0])
    token = token_of(url)
    assert pair.tree.compute("GET", f"/os-console-auth-tokens/{token}").json()["console"]["host"] == FIRST
    httpx.get(url)
    assert can_be_opened(url)
    assert not can_be_opened(url)
    time.sleep(0.5)
    logs = [path.read_text() for path in (pair.tree.state / "log").iterdir()]
    assert any("websocket refused" in text for text in logs)
    assert not any(token in text for text in logs)


def test_a_killed_agent_ends_the_screen_and_the_next_one_shows_it_again(pair: Pair, guests: tuple[str, str]) -> None:
    unused = url_of(pair, guests[0])
    with opened(url_of(pair, guests[0])) as line:
        on_websocket(line).greet()
        os.kill(pair.tree.pids()["agent"], signal.SIGKILL)
        began = time.monotonic()
        assert ending_of(line) == 1011
        assert time.monotonic() - began < 5.0
    eventually(lambda: can_be_opened(url_of(pair, guests[0])))
    with looking_at(unused) as viewer:
        assert guests[0] in viewer.greet().name


def test_a_killed_guest_ends_its_screen(pair: Pair) -> None:
    server_id = pair.on(SECOND, "shown-and-stopped")
    with opened(url_of(pair, server_id)) as line:
        on_websocket(line).greet()
        pair.tree.delete(server_id)
        assert ending_of(line) == 1000


def test_a_screen_is_a_socket_that_only_its_guests_account_can_reach(pair: Pair, guests: tuple[str, str]) -> None:
    for host_state, server_id in ((pair.tree.state, guests[0]), (pair.other.state, guests[1])):
        folder = host_state / "agent" / "run" / "guests" / server_id
        assert (folder / "vnc").is_socket()
        assert folder.stat().st_mode & 0o077 == 0
