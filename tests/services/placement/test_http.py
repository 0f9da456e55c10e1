"""How placement's HTTP is stricter than other services'."""

import re
from typing import Any

import pytest
from tests.services.placement.making import BASE, at, caller_with, error, new_id, provider
from tests.support.cloud import Client, RunningCloud


def test_anyone_sees_the_version_document(cloud: RunningCloud) -> None:
    for path in ("/", "/?"):
        answer = cloud.anonymous().get("placement", path)
        assert answer.headers["OpenStack-API-Version"] == "placement 1.0"
        assert answer.headers["Vary"] == "openstack-api-version"
        assert answer.json() == {
            "versions": [
                {
                    "id": "v1.0",
                    "max_version": "1.39",
                    "min_version": "1.0",
                    "status": "CURRENT",
                    "links": [{"rel": "self", "href": ""}],
                }
            ]
        }
    assert cloud.anonymous().get("placement", BASE).status_code == 401


@pytest.mark.parametrize(
    ("version", "status", "sentence"),
    [
        ("0.5", 406, "Unacceptable version header: 0.5"),
        ("1.40", 406, "Unacceptable version header: 1.40"),
        ("pony.horse", 400, "invalid version string: pony.horse"),
        ("1.2.3", 400, "invalid version string: 1.2.3"),
    ],
)
def test_a_version_that_is_none_is_refused(admin: Client, version: str, status: int, sentence: str) -> None:
    refused = at(admin, version).get("placement", BASE)
    assert (refused.status_code, sentence in error(refused)["detail"]) == (status, True)
    assert (error(refused).get("max_version") == "1.39") == (status == 406)


def test_answers_say_since_1_15_how_fresh_they_are(admin: Client) -> None:
    path = f"{BASE}/{provider(admin)}"
    fresh = at(admin, "1.15").get("placement", path).headers
    assert fresh["Cache-Control"] == "no-cache"
    assert re.fullmatch(r"\w+, \d+ \w+ \d{4} [\d:]+ GMT", fresh["Last-Modified"])
    assert not {"cache-control", "last-modified"} & set(at(admin, "1.14").get("placement", path).headers)


def test_errors_carry_a_code_since_1_23(admin: Client) -> None:
    path = f"{BASE}/{new_id()}"
    lost = at(admin, "1.23").get("placement", path)
    assert error(lost)["code"] == "placement.undefined_code"
    assert error(lost)["request_id"] == lost.headers["X-OpenStack-Request-Id"]
    assert error(lost)["title"] == "Not Found"
    assert "code" not in error(at(admin, "1.22").get("placement", path))
    unrouted = at(admin, "1.23").get("placement", "/barnabas")
    assert (unrouted.status_code, error(unrouted)["code"]) == (404, "placement.undefined_code")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("DELETE", "/", "GET"), ("OPTIONS", BASE, "GET, POST"), ("HEAD", BASE, "GET, POST"), ("PATCH", BASE, "GET, POST")],
)
def test_a_method_that_is_not_declared_is_refused(admin: Client, method: str, path: str, allow: str) -> None:
    refused = at(admin).request(method, "placement", path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, allow)
    if method != "HEAD":
        assert f"The method {method} is not allowed for this resource." in error(refused)["detail"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, */*;q=0.8", 200),
        ("text/plain", 406),
        ("text/html,application/xml;q=0.9", 406),
    ],
)
def test_only_json_is_served(admin: Client, accept: str, status: int) -> None:
    assert at(admin).get("placement", BASE, headers={"Accept": accept}).status_code == status


def test_errors_come_as_pages_to_who_reads_pages(admin: Client) -> None:
    path = f"{BASE}/{new_id()}"
    page = at(admin).get("placement", path, headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "The resource could not be found." in page.text
    plain = at(admin).get("placement", path, headers={"Accept": "text/plain"})
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert plain.text.startswith("404 Not Found")


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"content": b"{}"}, 400, "content-type header required"),
        ({}, 415, "The media type None is not supported, use application/json"),
        (
            {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
            415,
            "The media type text/plain is not supported",
        ),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "Malformed JSON"),
        ({"json": ["name"]}, 400, "['name'] is not of type 'object'"),
        ({"json": {"name": 5}}, 400, "5 is not of type 'string'"),
    ],
)
def test_a_body_is_json_and_says_so(admin: Client, sent: dict[str, Any], status: int, sentence: str) -> None:
    refused = at(admin).post("placement", BASE, **sent)
    assert (refused.status_code, sentence in error(refused)["detail"]) == (status, True)


def test_members_may_not_and_services_may(cloud: RunningCloud, admin: Client) -> None:
    member, _ = caller_with(cloud, admin, "member")
    refused = at(member).get("placement", BASE)
    assert refused.status_code == 403
    assert "Policy does not allow placement:resource_providers:list to be performed." in error(refused)["detail"]
    assert at(member).post("placement", BASE, json={"wrong": 1}).status_code == 403
    service, _ = caller_with(cloud, admin, "service")
    assert at(service).get("placement", BASE).status_code == 200
    system = cloud.login({"system": {"all": True}})
    assert at(system).get("placement", BASE).status_code == 403
