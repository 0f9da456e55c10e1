"""The former network client's calls, as walkthroughs type them."""

from typing import Any

import pytest
from tests.support.cloud import PASSWORD, Client, RunningCloud

from haneul.cli import neutron
from haneul.cli.bordered import table


class Shell:
    """Runs `neutron` with the variables of an admin's shell."""

    def __init__(self, seen: pytest.CaptureFixture[str]) -> None:
        self._seen = seen

    def __call__(self, line: str, code: int = 0) -> str:
        """What a command printed; it must end with this code."""
        with pytest.raises(SystemExit) as ended:
            neutron.main(line.split())
        said = self._seen.readouterr()
        assert (ended.value.code or 0) == code, said
        return said.err if code else said.out


@pytest.fixture
def shell(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    variables = {
        "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": PASSWORD,
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Shell(capsys)


def made(admin: Client, noun: str, **wanted: Any) -> dict[str, Any]:
    answer = admin.post("network", f"/v2.0/{noun}s", json={noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


@pytest.fixture(scope="module")
def street(admin: Client) -> dict[str, Any]:
    network = made(admin, "network", name="external_network", **{"router:external": True})
    return made(admin, "subnet", name="public_subnet", network_id=network["id"], cidr="10.0.2.0/24", ip_version=4)


@pytest.fixture(scope="module")
def garden(admin: Client) -> dict[str, Any]:
    network = made(admin, "network", name="intnet")
    return made(admin, "subnet", name="subnet1", network_id=network["id"], cidr="10.5.5.0/24", ip_version=4)


@pytest.fixture(scope="module")
def router(admin: Client, street: dict[str, Any], garden: dict[str, Any]) -> str:
    return str(made(admin, "router", name="R2")["id"])


def gateway_of(admin: Client, router: str) -> Any:
    return admin.get("network", f"/v2.0/routers/{router}").json()["router"]["external_gateway_info"]


def test_a_gateway_is_set_and_cleared(shell: Shell, admin: Client, router: str, street: dict[str, Any]) -> None:
    assert shell("router-gateway-set R2 external_network") == "Set gateway for router R2\n"
    assert gateway_of(admin, router)["network_id"] == street["network_id"]
    assert shell("router-gateway-clear R2") == "Removed gateway from router R2\n"
    assert gateway_of(admin, router) is None
    shell(f"router-gateway-set --disable-snat {router} external_network")
    assert gateway_of(admin, router)["enable_snat"] is False
    shell("router-gateway-clear R2")


def test_floating_ips_are_made_and_moved(shell: Shell, admin: Client, router: str, garden: dict[str, Any]) -> None:
    shell("router-gateway-set R2 external_network")
    port_id = shell("router-interface-add R2 subnet1").split()[2]
    assert admin.get("network", f"/v2.0/ports/{port_id}").json()["port"]["device_id"] == router
    guest = made(admin, "port", network_id=garden["network_id"], name="guest")
    printed = shell("floatingip-create external_network")
    assert printed.startswith("Created a new floatingip:\n+")
    (floating,) = admin.get("network", "/v2.0/floatingips").json()["floatingips"]
    assert floating["floating_ip_address"] in printed
    assert shell(f"floatingip-associate {floating['id']} guest") == f"Associated floating IP {floating['id']}\n"
    assert guest["id"] in shell("floatingip-list")
    assert shell(f"floatingip-disassociate {floating['id']}") == f"Disassociated floating IP {floating['id']}\n"
    assert guest["id"] not in shell("floatingip-list")
    assert shell("router-interface-delete R2 subnet=subnet1") == "Removed interface from router R2.\n"
    shell("router-gateway-clear R2")


def test_lists_have_the_columns_of_old(shell: Shell, router: str, garden: dict[str, Any]) -> None:
    networks = shell("net-list")
    assert "| id " in networks
    assert f"{garden['id']} 10.5.5.0/24" in networks
    assert router in shell("router-list")
    assert "10.5.5.0/24" in shell("subnet-list")


def test_what_it_does_not_know_is_named_as_today(shell: Shell) -> None:
    assert "`openstack network create` does the same." in shell("net-create intnet", code=1)
    assert "`openstack floating ip set` does the same." in shell("floatingip-update x", code=1)
    assert "openstack help network" in shell("meter-label-dance", code=1)
    shell("router-gateway-set", code=2)


def test_what_goes_wrong_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch, router: str) -> None:
    assert shell("router-gateway-set R9 external_network", code=1) == (
        "neutron: There is no router with the name or id R9.\n"
    )
    assert "is not an external network" in shell("router-gateway-set R2 intnet", code=1)
    monkeypatch.setenv("OS_PASSWORD", "wrong")
    assert "does not take this user and password" in shell("net-list", code=1)
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:1/v3")
    assert "Nobody answers at http://127.0.0.1:1/v3/auth/tokens" in shell("net-list", code=1)
    monkeypatch.delenv("OS_USERNAME")
    assert "The variable OS_USERNAME is not set." in shell("net-list", code=1)


def test_tables_have_borders() -> None:
    assert table(("id", "subnets"), [("1", "a\nb")]) == (
        "+----+---------+\n| id | subnets |\n+----+---------+\n| 1  | a       |\n|    | b       |\n+----+---------+"
    )
    assert table(("id",), []) == "+----+\n| id |\n+----+"
