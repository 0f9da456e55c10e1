"""Each service describes itself in OpenAPI 3.1, from its routes, to anyone who asks."""

from typing import Any

import pytest
from tests.laws.found import ROUTES, SERVICES, Found, each_route, each_service
from tests.laws.openapi_rules import complaints
from tests.support.cloud import RunningCloud

from haneul.kernel.http.openapi import openapi_of
from haneul.kernel.service import Service

DOCUMENTS = {service.type: openapi_of(service) for service in SERVICES}


@each_service
def test_the_document_is_whole(service: Service) -> None:
    assert list(complaints(DOCUMENTS[service.type])) == []


@each_service
def test_it_is_served_to_anyone(cloud: RunningCloud, service: Service) -> None:
    answer = cloud.anonymous().get(service.type, "/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENTS[service.type]


def operation(found: Found) -> Any:
    return DOCUMENTS[found.service.type]["paths"][found.route.path][found.route.method.lower()]


@each_route
def test_every_route_stands_in_it_with_its_rule_and_status(found: Found) -> None:
    described = operation(found)
    policies = described["x-policy"]
    assert found.route.rule.name in ([policies] if isinstance(policies, str) else policies)
    assert str(found.route.status) in described["responses"]


@pytest.mark.parametrize("found", [found for found in ROUTES if found.route.options.action], ids=str)
def test_actions_are_told_apart_by_name(found: Found) -> None:
    schema = operation(found)["requestBody"]["content"]["application/json"]["schema"]
    assert schema["x-openstack"] == {"discriminator": "action"}
    assert found.route.options.action in {one["x-openstack"]["action-name"] for one in schema["oneOf"]}


@each_service
def test_the_rules_of_the_check_are_not_empty(service: Service) -> None:
    """A document that is broken in each way is complained of."""
    broken: Any = {**DOCUMENTS[service.type], "openapi": "2.0"}
    assert "It does not say that it is OpenAPI 3.1." in list(complaints(broken))
    broken = {**DOCUMENTS[service.type], "components": {"schemas": {}, "securitySchemes": {}}}
    assert any("leads nowhere" in one for one in complaints(broken))
    assert any("security scheme" in one for one in complaints(broken))
