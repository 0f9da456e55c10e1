"""Identity's rules are Keystone's, word for word, and stand on the same calls."""

import re

from tests.support.cloud import Client, RunningCloud
from tests.surface import policies

from haneul.kernel.http import PUBLIC
from haneul.kernel.policy import rules_of

# Of the audit trail, which Keystone doesn't have.
OUR_OWN = {"identity:list_audit_records", "identity:list_all_audit_records"}


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path.partition("?")[0].strip())


def test_every_rule_has_keystones_name_and_default() -> None:
    defaults = {rule.policy_name: rule.default_check for rule in policies("keystone")}
    ours = {rule.name: rule.default for rule in rules_of("haneul.services.identity")}
    assert set(ours) >= OUR_OWN
    ours = {name: default for name, default in ours.items() if name not in OUR_OWN}
    assert ours
    assert {name: defaults.get(name) for name in ours} == ours


def test_every_route_stands_under_a_rule_that_keystone_names_for_it(cloud: RunningCloud) -> None:
    named: dict[tuple[str, str], set[str]] = {}
    for rule in policies("keystone"):
        named.setdefault((rule.method, shape(rule.path)), set()).add(rule.policy_name)
    routes = [route for route in cloud.cloud.services[0].routes if route.rule is not PUBLIC]
    assert len(routes) > 100
    wrong = {
        route.name: route.rule.name
        for route in routes
        if route.rule.name not in OUR_OWN and route.rule.name not in named.get((route.method, shape(route.path)), ())
    }
    assert wrong == {}


def test_every_operation_has_a_name_of_its_own(admin: Client) -> None:
    paths = admin.get("identity", "/openapi.json").json()["paths"]
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) > 100
    assert len(set(names)) == len(names)
