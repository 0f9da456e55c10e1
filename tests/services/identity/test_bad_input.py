"""Every field wrong in type, length and sense: each is refused as Keystone does, and leaves nothing."""

from typing import Any

import pytest
from tests.services.identity.people import make
from tests.support.cloud import Client, RunningCloud

NOWHERE = "0123456789abcdef0123456789abcdef"
NAMED = ("domain", "project", "user", "group", "role")
KINDS = (*NAMED, "service", "endpoint", "region")


@pytest.mark.parametrize("kind", NAMED)
def test_a_name_that_is_none_is_refused(admin: Client, kind: str) -> None:
    wrong: list[Any] = [7, None, True, [], {}, "", "   ", "a" * 256]
    for name in wrong:
        answer = admin.post("identity", f"/v3/{kind}s", json={kind: {"name": name}})
        assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Bad Request"), name


@pytest.mark.parametrize(
    ("kind", "most"), [("domain", 64), ("project", 64), ("group", 64), ("user", 255), ("role", 255)]
)
def test_names_have_keystones_lengths(admin: Client, kind: str, most: int) -> None:
    longest = "é" * most
    assert make(admin, kind, name=longest)["name"] == longest
    assert admin.post("identity", f"/v3/{kind}s", json={kind: {"name": "é" * (most + 1)}}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("project", {"enabled": "very"}),
        ("project", {"description": 5}),
        ("project", {"is_domain": 1}),
        ("project", {"domain_id": "not an id!"}),
        ("project", {"parent_id": NOWHERE}),
        ("project", {"domain_id": NOWHERE}),
        ("project", {"tags": "one"}),
        ("project", {"tags": ["with,comma"]}),
        ("project", {"tags": [""]}),
        ("project", {"tags": [str(number) for number in range(81)]}),
        ("project", {"options": {"unknown": True}}),
        ("project", {"options": {"immutable": "yes"}}),
        ("project", {"is_domain": True, "parent_id": "default"}),
        ("user", {"password": 5}),
        ("user", {"password": "a" * 4097}),
        ("user", {"enabled": None}),
        ("user", {"default_project_id": 5}),
        ("user", {"options": {"lock_password": 3}}),
        ("user", {"domain_id": "a" * 65}),
        ("role", {"description": []}),
        ("role", {"domain_id": ""}),
        ("group", {"description": 3}),
        ("service", {"type": ""}),
        ("service", {"type": "a" * 256}),
        ("service", {"enabled": "yes"}),
        ("region", {"id": "a" * 256}),
        ("region", {"parent_region_id": 3}),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(admin: Client, kind: str, fields: dict[str, Any]) -> None:
    named = {"type": "type"} if kind == "service" else {}
    body = {"name": "nonsense", **named, **fields}
    assert admin.post("identity", f"/v3/{kind}s", json={kind: body}).status_code == 400
    if kind != "region":
        left = admin.get("identity", f"/v3/{kind}s", params={"name": "nonsense"}).json()[f"{kind}s"]
        assert left == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_that_is_none_is_refused(admin: Client, kind: str) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"other": {}}', b"\xff\xfe", b"[" * 5000):
        answer = admin.post("identity", f"/v3/{kind}s", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400), body[:20]


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_that_is_none_is_not_found(admin: Client, kind: str) -> None:
    for own_id in (NOWHERE, "no-id", "%00", "a" * 300, "';--", "%F0%9F%8C%B9"):
        path = f"/v3/{kind}s/{own_id}"
        # PostgreSQL takes no NUL, so there an id with one is a bad request.
        refused = (400, 404) if own_id == "%00" else (404,)
        assert admin.get("identity", path).status_code in refused, own_id
        assert admin.delete("identity", path).status_code in refused, own_id
        assert admin.patch("identity", path, json={kind: {"description": "x"}}).status_code in refused, own_id


@pytest.mark.parametrize("kind", NAMED)
def test_an_id_is_never_changed(admin: Client, kind: str) -> None:
    made = make(admin, kind)
    path = f"/v3/{kind}s/{made['id']}"
    assert admin.patch("identity", path, json={kind: {"id": NOWHERE}}).status_code == 400
    assert admin.patch("identity", path, json={kind: {"id": made["id"]}}).json()[kind]["id"] == made["id"]
    given = admin.post("identity", f"/v3/{kind}s", json={kind: {"name": f"{kind} with an id", "id": NOWHERE}})
    assert given.json()[kind]["id"] != NOWHERE


@pytest.mark.parametrize("kind", ["project", "user", "group"])
def test_nothing_moves_to_another_domain(admin: Client, kind: str) -> None:
    made, domain = make(admin, kind), make(admin, "domain")
    path = f"/v3/{kind}s/{made['id']}"
    assert admin.patch("identity", path, json={kind: {"domain_id": domain["id"]}}).status_code == 400
    assert admin.patch("identity", path, json={kind: {"domain_id": "default"}}).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_makes_no_sense_is_refused(admin: Client, kind: str) -> None:
    for query in ("limit=x", "limit=-1", "marker=nobody&limit=1", "sort_key=hash&limit=1"):
        assert admin.get("identity", f"/v3/{kind}s?{query}").status_code == 400, query


def test_what_a_method_is_not_for_is_said(admin: Client) -> None:
    answer = admin.put("identity", "/v3/users")
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)
    assert admin.get("identity", "/v3/nothing").status_code == 404


def test_a_password_change_needs_both_passwords(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    for body in ({"password": "x"}, {"original_password": "x"}, {"password": 1, "original_password": "x"}, None):
        path = f"/v3/users/{user['id']}/password"
        assert cloud.anonymous().post("identity", path, json={"user": body}).status_code == 400, body
    unknown = {"user": {"password": "x", "original_password": "y"}}
    assert cloud.anonymous().post("identity", f"/v3/users/{NOWHERE}/password", json=unknown).status_code == 401


def test_nobody_can_hang_something_on_a_row_that_no_list_can_show(admin: Client) -> None:
    for depth in (50, *range(900, 1010, 10)):
        body = f'{{"user":{{"name":"deep-{depth}","x":{"[" * depth}{"]" * depth}}}}}'
        made = admin.post("identity", "/v3/users", content=body, headers={"Content-Type": "application/json"})
        assert made.status_code == (201 if depth == 50 else 400), (depth, made.status_code)
        assert admin.get("identity", "/v3/users").status_code == 200, depth
    for user in admin.get("identity", "/v3/users", params={"name": "deep-50"}).json()["users"]:
        assert admin.delete("identity", f"/v3/users/{user['id']}").status_code == 204
