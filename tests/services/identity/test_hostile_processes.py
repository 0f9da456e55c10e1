"""Whatever changes what a token is worth holds within a second in every other process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.identity.delegates import by_credential, credential, member
from tests.services.identity.people import PASSWORD, grant, login, make, role_id
from tests.services.identity.second_checker import SecondChecker, second_checker
from tests.services.identity.trusting import TRUSTS, Pair, acting
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.identity.keys.ring import numbers_in, rotate_keys

Document = dict[str, Any] | None
Scene = tuple[RunningCloud, Client, SecondChecker]


BOTH_FORMS = pytest.mark.parametrize("scene", ["fernet", "jws"], indirect=True)


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    form = getattr(request, "param", "fernet")
    with running_cloud(identity={"token_provider": form}) as cloud:
        folder = cloud.cloud.wanted.state / "control"
        with second_checker(cloud.cloud.wanted.db_url, folder, form) as checker:
            yield cloud, cloud.login(), checker


class Told:
    """A token that both processes know."""

    def __init__(self, scene: Scene) -> None:
        self.cloud, self.admin, self.checker = scene
        self.domain = make(self.admin, "domain")
        self.project = make(self.admin, "project", domain_id=self.domain["id"])
        self.user = make(self.admin, "user", domain_id=self.domain["id"])
        self.token = ""

    def on_project(self) -> "Told":
        grant(self.admin, self.user, "member", f"projects/{self.project['id']}")
        return self.with_token(login(self.cloud, self.user, {"project": {"id": self.project["id"]}}).token)

    def with_token(self, token: str) -> "Told":
        self.token = token
        assert self.checker.document(token) is not None
        return self

    def change(self, method: str, path: str, *statuses: int, body: Any = None) -> None:
        answer = self.admin.request(method, "identity", path, json=body)
        assert answer.status_code in (statuses or (200, 201, 204)), answer.text

    def is_refused(self) -> bool:
        return self.checker.within_a_second(self.token, lambda told: told is None)

    def says(self, holds: Callable[[dict[str, Any]], bool]) -> bool:
        return self.checker.within_a_second(self.token, lambda told: told is not None and holds(told))


@pytest.fixture
def told(scene: Scene) -> Told:
    return Told(scene)


@BOTH_FORMS
@pytest.mark.parametrize("kind", ["user", "project", "domain"])
def test_what_is_disabled(told: Told, kind: str) -> None:
    told.on_project()
    path = f"/v3/{kind}s/{getattr(told, kind)['id']}"
    told.change("PATCH", path, body={kind: {"enabled": False}})
    assert told.is_refused()


@pytest.mark.parametrize("kind", ["user", "project"])
def test_what_is_deleted(told: Told, kind: str) -> None:
    told.on_project()
    told.change("DELETE", f"/v3/{kind}s/{getattr(told, kind)['id']}")
    assert told.is_refused()


def test_a_role_that_is_taken(told: Told) -> None:
    told.on_project()
    user, project = told.user["id"], told.project["id"]
    told.change("DELETE", f"/v3/projects/{project}/users/{user}/roles/{role_id(told.admin, 'member')}")
    assert told.is_refused()


def test_a_role_on_the_system_that_is_taken(told: Told) -> None:
    grant(told.admin, told.user, "reader", "system")
    told.with_token(login(told.cloud, told.user, {"system": {"all": True}}).token)
    told.change("DELETE", f"/v3/system/users/{told.user['id']}/roles/{role_id(told.admin, 'reader')}")
    assert told.is_refused()


def test_a_role_that_is_inherited(told: Told) -> None:
    path = f"/v3/OS-INHERIT/domains/{told.domain['id']}/users/{told.user['id']}/roles"
    path = f"{path}/{role_id(told.admin, 'member')}/inherited_to_projects"
    told.change("PUT", path)
    told.with_token(login(told.cloud, told.user, {"project": {"id": told.project["id"]}}).token)
    told.change("DELETE", path)
    assert told.is_refused()


@pytest.mark.parametrize("end", ["leave", "delete the group", "take the role"])
def test_a_role_by_a_group(told: Told, end: str) -> None:
    group, member_role = make(told.admin, "group"), role_id(told.admin, "member")
    inside = f"/v3/groups/{group['id']}/users/{told.user['id']}"
    granted = f"/v3/projects/{told.project['id']}/groups/{group['id']}/roles/{member_role}"
    told.change("PUT", inside)
    told.change("PUT", granted)
    told.with_token(login(told.cloud, told.user, {"project": {"id": told.project["id"]}}).token)
    told.change("DELETE", {"leave": inside, "delete the group": f"/v3/groups/{group['id']}"}.get(end, granted))
    assert told.is_refused()


def test_an_implied_role_comes_goes_is_renamed_and_deleted(told: Told) -> None:
    prior, implied = make(told.admin, "role"), make(told.admin, "role")
    grant(told.admin, told.user, prior["name"], f"projects/{told.project['id']}")
    told.with_token(login(told.cloud, told.user, {"project": {"id": told.project["id"]}}).token)
    path = f"/v3/roles/{prior['id']}/implies/{implied['id']}"

    def names(document: dict[str, Any]) -> set[str]:
        return {role["name"] for role in document["roles"]}

    told.change("PUT", path)
    assert told.says(lambda one: names(one) == {prior["name"], implied["name"]})
    told.change("PATCH", f"/v3/roles/{implied['id']}", body={"role": {"name": f"{implied['name']}-anew"}})
    assert told.says(lambda one: f"{implied['name']}-anew" in names(one))
    told.change("DELETE", path)
    assert told.says(lambda one: names(one) == {prior["name"]})
    told.change("DELETE", f"/v3/roles/{prior['id']}")
    assert told.is_refused()


@pytest.mark.parametrize("kind", ["user", "project", "domain"])
def test_a_new_name(told: Told, kind: str) -> None:
    told.on_project()
    new = f"{getattr(told, kind)['name']}-anew"
    told.change("PATCH", f"/v3/{kind}s/{getattr(told, kind)['id']}", body={kind: {"name": new}})
    shown = {"user": ("user",), "project": ("project",), "domain": ("project", "domain")}[kind]

    def name(document: dict[str, Any]) -> object:
        found: Any = document
        for part in shown:
            found = found[part]
        return found["name"]

    assert told.says(lambda one: name(one) == new)


def test_a_new_password(told: Told) -> None:
    told.on_project()
    told.change("PATCH", f"/v3/users/{told.user['id']}", body={"user": {"password": PASSWORD}})
    assert told.is_refused()


def test_a_password_that_its_user_changes(told: Told) -> None:
    told.on_project()
    body = {"user": {"original_password": PASSWORD, "password": "another"}}
    told.change("POST", f"/v3/users/{told.user['id']}/password", body=body)
    assert told.is_refused()


@BOTH_FORMS
def test_a_token_that_is_revoked(told: Told) -> None:
    told.on_project()
    headers = {"X-Subject-Token": told.token}
    assert told.admin.delete("identity", "/v3/auth/tokens", headers=headers).status_code == 204
    assert told.is_refused()


def test_an_application_credential_that_is_deleted(told: Told) -> None:
    owner = member(told.cloud, told.admin)
    made = credential(owner)
    told.with_token(by_credential(told.cloud, made).token)
    told.change("DELETE", f"{owner.path}/{made['id']}")
    assert told.is_refused()


@pytest.mark.parametrize("end", ["delete it", "take the role", "disable the trustor", "disable the trustee"])
def test_a_trust_that_ends(told: Told, end: str) -> None:
    pair = Pair(told.cloud, told.admin)
    trust = pair.create()
    told.with_token(acting(told.cloud, pair.trustee, trust["id"]).token)
    if end == "delete it":
        assert pair.client.delete("identity", f"{TRUSTS}/{trust['id']}").status_code == 204
    elif end == "take the role":
        path = f"/v3/projects/{pair.project['id']}/users/{pair.trustor['id']}"
        told.change("DELETE", f"{path}/roles/{role_id(told.admin, 'member')}")
    else:
        person = pair.trustor if end.endswith("trustor") else pair.trustee
        told.change("PATCH", f"/v3/users/{person['id']}", body={"user": {"enabled": False}})
    assert told.is_refused()


def test_the_catalog_in_all_its_parts(told: Told) -> None:
    told.on_project()
    service = make(told.admin, "service", type="hostile")

    def entry(document: dict[str, Any]) -> dict[str, Any] | None:
        return next((one for one in document["catalog"] if one["id"] == service["id"]), None)

    def urls(document: dict[str, Any]) -> list[str]:
        found = entry(document)
        return [] if found is None else [one["url"] for one in found["endpoints"]]

    region = make(told.admin, "region")["id"]
    body = {"service_id": service["id"], "interface": "public", "url": "http://one", "region_id": region}
    made = told.admin.post("identity", "/v3/endpoints", json={"endpoint": body}).json()["endpoint"]
    endpoint = f"/v3/endpoints/{made['id']}"
    assert told.says(lambda one: urls(one) == ["http://one"])
    told.change("PATCH", endpoint, body={"endpoint": {"url": "http://two"}})
    assert told.says(lambda one: urls(one) == ["http://two"])
    told.change("PATCH", f"/v3/services/{service['id']}", body={"service": {"name": "renamed"}})
    assert told.says(lambda one: (entry(one) or {}).get("name") == "renamed")
    told.change("PATCH", f"/v3/services/{service['id']}", body={"service": {"enabled": False}})
    assert told.says(lambda one: urls(one) == [])
    told.change("PATCH", f"/v3/services/{service['id']}", body={"service": {"enabled": True}})
    assert told.says(lambda one: urls(one) == ["http://two"])
    told.change("DELETE", endpoint)
    assert told.says(lambda one: urls(one) == [])


def test_endpoints_chosen_for_a_project(told: Told) -> None:
    told.on_project()
    service = make(told.admin, "service", type="hostile")
    body = {"service_id": service["id"], "interface": "public", "url": "http://one"}
    made = told.admin.post("identity", "/v3/endpoints", json={"endpoint": body}).json()["endpoint"]
    chosen = f"/v3/OS-EP-FILTER/projects/{told.project['id']}/endpoints/{made['id']}"

    def types(document: dict[str, Any]) -> set[str]:
        return {one["type"] for one in document["catalog"] if one["endpoints"]}

    assert told.says(lambda one: {"hostile", "identity"} <= types(one))
    told.change("PUT", chosen)
    assert told.says(lambda one: types(one) == {"hostile"})
    told.change("DELETE", chosen)
    assert told.says(lambda one: "identity" in types(one))
    group = {"name": service["id"], "filters": {"service_id": service["id"]}}
    answer = told.admin.post("identity", "/v3/OS-EP-FILTER/endpoint_groups", json={"endpoint_group": group})
    path = f"/v3/OS-EP-FILTER/endpoint_groups/{answer.json()['endpoint_group']['id']}"
    told.change("PUT", f"{path}/projects/{told.project['id']}")
    assert told.says(lambda one: types(one) == {"hostile"})
    told.change("PATCH", path, body={"endpoint_group": {"filters": {"interface": "internal"}}})
    assert told.says(lambda one: "hostile" not in types(one))
    told.change("DELETE", path)
    assert told.says(lambda one: "identity" in types(one))


@BOTH_FORMS
def test_a_key_that_is_gone(told: Told, tmp_path: Path) -> None:
    told.on_project()
    control = told.cloud.cloud.wanted.state / "control"
    fernet, public = control / "fernet-keys", control / "jws-keys" / "public"
    if public.exists():
        [key] = public.glob("*.pem")
        moved = key.rename(tmp_path / "key.pem")
        assert told.is_refused()
        moved.rename(key)
    else:
        for _ in range(4):
            rotate_keys(fernet, 2)
        assert len(numbers_in(fernet)) == 2
        assert told.is_refused()
    assert told.cloud.login().get("identity", "/v3/auth/projects").status_code == 200
