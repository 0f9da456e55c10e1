import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haneul.kernel.auth import AccessRule
from haneul.kernel.auth.access_rules import allowed

SERVER = "/v2.1/servers/d0b2b1a0"
MEANT = {"*": "[^/]+", "**": ".*"}


def meant_of(piece: str) -> str:
    return "[^/]+" if len(piece) > 1 else re.escape(piece)


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


@pytest.mark.parametrize("path", ["/" + "**a" * 70, "/" + "*a" * 100, "/" + "{x}" * 70 + "b", "/" + "**" * 100 + "b"])
def test_no_rule_takes_long_to_be_told_from_a_path(path: str) -> None:
    rules = [AccessRule("compute", "GET", f"{path}{number}") for number in range(100)]
    began_at = time.thread_time()
    assert not allowed(rules, "compute", "GET", "/" + "a" * 8000)
    assert time.thread_time() - began_at < 2


@given(st.text("a/*{}", max_size=12), st.text("a/{}", max_size=12))
def test_rules_mean_what_their_regular_expressions_would(path: str, asked: str) -> None:
    expression = re.sub(r"\{[^}]*\}|\*\*|\*|.", lambda piece: MEANT.get(piece[0], meant_of(piece[0])), path)
    fits = re.fullmatch(expression, asked) is not None
    assert allowed([AccessRule("a", "GET", "/other"), AccessRule("a", "GET", path)], "a", "GET", asked) is fits
