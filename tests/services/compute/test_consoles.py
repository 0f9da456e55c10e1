"""Consoles over HTTP, and the whole way from a WebSocket to a guest's screen, the guests being simulated."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import httpx
import pytest
from tests.laws import scenarios
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.hosts import eventually, simulated_host
from tests.support.viewers import ending_of, looking_at, on_websocket, opened, token_of
from websockets.exceptions import InvalidStatus

from haneul.agent import Agent
from haneul.kernel.clock import now
from haneul.services.compute.agent.screens import PER_GUEST
from haneul.services.compute.consoles.logic import EXPIRED
from haneul.services.compute.consoles.models import console_tokens

NOVNC = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
LETTER_A = 0x61


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud, admin: Client) -> Iterator[Client]:
    """An admin at the newest microversion, on a cloud with one simulated host."""
    newest = admin.with_headers(OpenStack_API_Version="compute 2.100")
    with simulated_host(cloud):
        scenarios.small_flavor(newest)
        yield newest


@pytest.fixture(scope="module")
def server(nova: Client) -> str:
    return scenarios.active(nova)


def asked(nova: Client, server_id: str, body: object = NOVNC) -> httpx.Response:
    return nova.post("compute", f"/v2.1/servers/{server_id}/remote-consoles", json=body)


def url_of(nova: Client, server_id: str) -> str:
    answer = asked(nova, server_id)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["remote_console"]["url"])


def looked_up(nova: Client, token: str) -> httpx.Response:
    return nova.get("compute", f"/v2.1/os-console-auth-tokens/{token}")


def refused(url: str, *, origin: str | None = None) -> bool:
    with pytest.raises(InvalidStatus) as answer, opened(url, origin=origin):
        pass
    return answer.value.response.status_code == 403 and not answer.value.response.body


def site(url: str) -> str:
    return url.partition("/vnc_lite.html")[0]


def older(nova: Client, version: str) -> Client:
    return nova.with_headers(OpenStack_API_Version=f"compute {version}")


def said(answer: httpx.Response) -> tuple[int, str]:
    (fault,) = answer.json().values()
    return answer.status_code, fault["message"]


def test_a_console_has_an_address_with_a_token(cloud: RunningCloud, nova: Client, server: str) -> None:
    told = asked(nova, server).json()["remote_console"]
    assert (told["protocol"], told["type"]) == ("vnc", "novnc")
    address, _, path = told["url"].partition("?path=")
    assert address == f"http://127.0.0.1:{6080 + cloud.cloud.wanted.base_port}/vnc_lite.html"
    assert path == f"%3Ftoken%3D{token_of(told['url'])}"


def test_older_clients_ask_by_an_action(nova: Client, server: str) -> None:
    path = f"/v2.1/servers/{server}/action"
    told = older(nova, "2.1").post("compute", path, json={"os-getVNCConsole": {"type": "novnc"}})
    assert told.status_code == 200
    assert told.json()["console"]["type"] == "novnc"
    with looking_at(told.json()["console"]["url"]) as viewer:
        assert viewer.greet().width == 720
    assert older(nova, "2.6").post("compute", path, json={"os-getVNCConsole": {"type": "novnc"}}).status_code == 404
    assert older(nova, "2.5").post("compute", f"/v2.1/servers/{server}/remote-consoles", json=NOVNC).status_code == 404


def test_consoles_that_are_not_there_are_refused_in_novas_words(nova: Client, server: str) -> None:
    for protocol, kind, sentence in (
        ("spice", "spice-html5", "Unavailable console type spice-html5."),
        ("spice", "spice-direct", "Unavailable console type spice-direct."),
        ("serial", "serial", "Unavailable console type serial."),
        ("mks", "webmks", "Unavailable console type webmks."),
        ("rdp", "rdp-html5", "Unavailable console type rdp."),
        ("vnc", "xvpvnc", "Invalid console type xvpvnc"),
    ):
        body = {"remote_console": {"protocol": protocol, "type": kind}}
        assert said(asked(nova, server, body)) == (400, sentence)
    for action, kind in (("os-getSPICEConsole", "spice-html5"), ("os-getSerialConsole", "serial")):
        answer = older(nova, "2.5").post("compute", f"/v2.1/servers/{server}/action", json={action: {"type": kind}})
        assert said(answer) == (400, f"Unavailable console type {kind}.")


def test_a_body_asks_for_what_its_version_knows(nova: Client, server: str) -> None:
    mks = {"remote_console": {"protocol": "mks", "type": "webmks"}}
    direct = {"remote_console": {"protocol": "spice", "type": "spice-direct"}}
    assert "Unavailable" not in asked(older(nova, "2.7"), server, mks).text
    assert said(asked(older(nova, "2.8"), server, mks)) == (400, "Unavailable console type webmks.")
    assert "Unavailable" not in asked(older(nova, "2.98"), server, direct).text
    for body in ({}, {"remote_console": {"protocol": "vnc"}}, {"remote_console": {**NOVNC["remote_console"], "x": 1}}):
        assert asked(nova, server, body).status_code == 400
    assert asked(older(nova, "2.6"), server).status_code == 200


def test_a_server_that_does_not_run_has_no_console(nova: Client) -> None:
    server = scenarios.stopped(nova)
    assert said(asked(nova, server)) == (409, f"Instance {server} is not ready")
    assert asked(nova, "6a1c5f0e-0000-4000-8000-000000000000").status_code == 404


def test_others_get_no_console(cloud: RunningCloud, member: Client, server: str) -> None:
    assert asked(member.with_headers(OpenStack_API_Version="compute 2.100"), server).status_code == 404


def test_only_admins_see_where_a_token_leads(nova: Client, member: Client, server: str) -> None:
    token = token_of(url_of(nova, server))
    told = looked_up(nova, token)
    assert told.json() == {
        "console": {"instance_uuid": server, "host": "host-1", "port": None, "internal_access_path": None}
    }
    assert looked_up(older(nova, "2.31"), token).json() == told.json()
    assert looked_up(older(nova, "2.30"), token).status_code == 400
    assert looked_up(member.with_headers(OpenStack_API_Version="compute 2.100"), token).status_code == 403
    assert said(looked_up(nova, "nobodys")) == (404, "Token not found")


def test_the_screen_is_shown_and_keys_reach_it(nova: Client, server: str) -> None:
    with looking_at(url_of(nova, server)) as viewer:
        screen = viewer.greet()
        assert (screen.width, screen.height) == (720, 400)
        assert screen.name.startswith("Simulated instance-")
        before = viewer.update(screen)
        assert before == bytes([int(server[:2], 16)]) * (720 * 400 * 4)
        viewer.press(LETTER_A)
        after = viewer.update(screen)
        assert after[0] == (before[0] + 1) % 256


def test_a_screen_comes_quickly(nova: Client, server: str) -> None:
    with looking_at(url_of(nova, server)) as viewer:
        screen = viewer.greet()
        began = time.monotonic()
        for _ in range(10):
            viewer.update(screen)
        assert (time.monotonic() - began) / 10 < 0.5


def test_what_changes_is_shown_at_once_however_long_nothing_did(nova: Client, server: str) -> None:
    with looking_at(url_of(nova, server)) as viewer:
        screen = viewer.greet()
        before = viewer.update(screen)
        viewer.ask(screen, incremental=True)
        time.sleep(1.0)
        began = time.monotonic()
        viewer.press(LETTER_A)
        assert viewer.drawn()[0] == (before[0] + 1) % 256
        assert time.monotonic() - began < 0.5


def test_a_token_is_good_once(nova: Client, server: str) -> None:
    url = url_of(nova, server)
    with looking_at(url) as viewer:
        viewer.greet()
        assert refused(url)
    assert refused(url)
    assert looked_up(nova, token_of(url)).status_code == 404


def test_a_token_shows_its_own_server_and_no_other(nova: Client, server: str) -> None:
    other = scenarios.active(nova)
    names = set()
    for server_id in (server, other):
        with looking_at(url_of(nova, server_id)) as viewer:
            screen = viewer.greet()
            names.add(screen.name)
            assert viewer.update(screen)[0] == int(server_id[:2], 16)
    assert len(names) == 2


def test_wrong_tokens_open_nothing(nova: Client, server: str) -> None:
    url = url_of(nova, server)
    token = token_of(url)
    for wrong in ("", "x", token[:-1], "6a1c5f0e-0000-4000-8000-000000000000", "%2500", "bad" + token):
        assert refused(url.replace(token, wrong))
    assert refused(url.replace("%3Ftoken%3D", "vnc%3Ftoken%3D"))
    assert looked_up(nova, token).status_code == 200


def test_tokens_expire_and_are_swept(nova: Client, cloud: RunningCloud, server: str) -> None:
    store = cloud.cloud.store
    url = url_of(nova, server)
    tokens = console_tokens.update().values(expires_at=now() - timedelta(seconds=1))
    store.write(lambda db: db.run(tokens))
    assert refused(url)
    assert looked_up(nova, token_of(url)).status_code == 404
    url_of(nova, server)
    assert store.write(lambda db: db.run(EXPIRED, moment=now())) == 0


def test_no_token_is_kept_as_it_is(nova: Client, cloud: RunningCloud, server: str) -> None:
    token = token_of(url_of(nova, server))
    rows = cloud.cloud.store.read(lambda db: db.tuples(console_tokens.select()))
    assert rows
    assert token not in str(rows)


def test_pages_of_other_sites_open_nothing(nova: Client, server: str) -> None:
    url = url_of(nova, server)
    here = site(url)
    for origin in ("http://evil.example", "https://127.0.0.1", "null", "http://", "http://[", "evil"):
        assert refused(url, origin=origin)
    with opened(url, origin=here) as line:
        assert line.subprotocol == "binary"
        assert on_websocket(line).greet().width == 720


def test_a_screen_goes_with_its_server(nova: Client, cloud: RunningCloud) -> None:
    server = scenarios.active(nova)
    unused = url_of(nova, server)
    with looking_at(url_of(nova, server)) as viewer:
        viewer.greet()
        scenarios.delete(nova, server)
        assert viewer.is_over()
    eventually(lambda: nova.get("compute", f"/v2.1/servers/{server}").status_code == 404)
    assert refused(unused)
    kept = cloud.cloud.store.read(lambda db: db.tuples(console_tokens.select()))
    assert server not in {row.server_id for row in kept}


def test_a_stopped_servers_tokens_wait_for_it(nova: Client) -> None:
    server = scenarios.active(nova)
    url = url_of(nova, server)
    scenarios.act("os-stop")(nova, server)
    scenarios.reaches(nova, server, "SHUTOFF")
    assert refused(url)
    scenarios.act("os-start")(nova, server)
    scenarios.reaches(nova, server, "ACTIVE")
    with looking_at(url) as viewer:
        assert viewer.greet().width == 720


def test_a_screen_is_open_a_few_times_at_once(nova: Client, server: str) -> None:
    with ExitStack() as lines:
        for _ in range(PER_GUEST):
            lines.enter_context(opened(url_of(nova, server)))
        assert refused(url_of(nova, server))
    eventually(lambda: can_be_opened(url_of(nova, server)))


def can_be_opened(url: str) -> bool:
    try:
        with opened(url):
            return True
    except InvalidStatus:
        return False


def test_text_is_not_understood(nova: Client, server: str) -> None:
    with opened(url_of(nova, server)) as line:
        line.send("hello")
        assert ending_of(line) == 1003


def test_other_ports_open_no_websocket(cloud: RunningCloud, nova: Client, server: str) -> None:
    url = url_of(nova, server)
    assert refused(url.replace(site(url), cloud.url("compute")))
    assert nova.get("compute", "/v2.1/servers", headers={"Upgrade": "h2c"}).status_code == 200


def test_a_screen_ends_with_its_hosts_agent() -> None:
    with running_cloud() as running:
        nova = running.login().with_headers(OpenStack_API_Version="compute 2.100")
        scenarios.small_flavor(nova)
        with simulated_host(running) as agent:
            server = scenarios.active(nova)
            with opened(url_of(nova, server)) as line:
                viewer = on_websocket(line)
                viewer.greet()
                unused = url_of(nova, server)
                hang_up(agent)
                assert ending_of(line) == 1011
            assert refused(unused)


def hang_up(agent: Agent) -> None:
    """What control sees of an agent that dies: its link is gone."""
    agent.bus.close()
