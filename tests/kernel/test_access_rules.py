import pytest

from haneul.kernel.auth import AccessRule
from haneul.kernel.auth.access_rules import allowed

SERVER = "/v2.1/servers/d0b2b1a0"


@pytest.mark.parametrize(
    ("path", "asked", "fits"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2.1/servers/", False),
        ("/v2.1/servers", SERVER, False),
        ("/v2.1/servers/*", SERVER, True),
        ("/v2.1/servers/*", SERVER + "/ips", False),
        ("/v2.1/servers/**", SERVER + "/ips", True),
        ("/v2.1/servers/{server_id}/ips", SERVER + "/ips", True),
        ("/v2.1/servers/{server_id}", SERVER + "/ips", False),
        ("**", "/anything/at/all", True),
        ("/v2.1/.*", "/v2.1/servers", False),
        ("/v2.1/servers/{", "/v2.1/servers/{", True),
        ("/v2.1/servers/*", "/v2.1/servers/a\nb", True),
    ],
)
def test_a_rule_names_paths_by_parts(path: str, asked: str, fits: bool) -> None:
    assert allowed([AccessRule("compute", "GET", path)], "compute", "GET", asked) is fits


def test_a_rule_names_one_method_of_one_service() -> None:
    rules = [AccessRule("compute", "GET", "/v2.1/servers")]
    assert not allowed(rules, "compute", "POST", "/v2.1/servers")
    assert not allowed(rules, "network", "GET", "/v2.1/servers")
    assert not allowed([], "compute", "GET", "/v2.1/servers")
