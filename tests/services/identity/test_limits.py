"""Limits of projects and domains; in the strict model too, in a cloud of its own."""

from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.identity.limiting import NOWHERE, limit, refused, region_of, register, service_of, wanted
from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.identity.audit.models import audit_records
from haneul.services.identity.public import limit_of

PATH = "/v3/limits"
DUPLICATE = "Conflict occurred attempting to store limit - Duplicate entry."
WRITTEN = (
    select(audit_records.c.resource, audit_records.c.action, audit_records.c.project_id)
    .where(audit_records.c.target_id == bindparam("target_id"))
    .order_by(audit_records.c.id)
)


def test_a_limit_is_created_shown_changed_and_deleted(admin: Client) -> None:
    service_id, region_id, project = service_of(admin), region_of(admin), make(admin, "project")
    register(admin, service_id, "roses", 5, region_id=region_id)
    body = wanted(service_id, "roses", 7, region_id=region_id, project_id=project["id"], description="More")
    (made,) = limit(admin, body)
    assert made == {**body, "domain_id": None, "id": made["id"], "links": made["links"]}
    path = f"{PATH}/{made['id']}"
    assert made["links"]["self"].endswith(path)
    assert admin.get("identity", path).json() == {"limit": made}
    assert admin.request("HEAD", "identity", path).status_code == 200
    changed = admin.patch("identity", path, json={"limit": {"resource_limit": 0, "description": "None"}})
    assert changed.status_code == 200
    assert changed.json()["limit"] == {**made, "resource_limit": 0, "description": "None"}
    assert admin.patch("identity", path, json={"limit": {"resource_name": "tulips"}}).status_code == 400
    assert admin.delete("identity", path).status_code == 204
    gone = (404, f"Could not find limit for {made['id']}.")
    assert refused(admin.get("identity", path)) == gone
    assert refused(admin.patch("identity", path, json={"limit": {"resource_limit": 1}})) == gone
    assert refused(admin.delete("identity", path)) == gone


def test_a_limit_needs_what_is_registered(admin: Client) -> None:
    service_id, project = service_of(admin), make(admin, "project")
    register(admin, service_id, "roses", 5)
    for fields in ({"resource_name": "tulips"}, {"region_id": region_of(admin)}):
        body = {**wanted(service_id, "roses", 7, project_id=project["id"]), **fields}
        assert refused(admin.post("identity", PATH, json={"limits": [body]})) == (
            403,
            "Unable to create a limit that has no corresponding registered limit.",
        )


def test_an_owner_has_one_limit_of_each(admin: Client) -> None:
    service_id, project, other = service_of(admin), make(admin, "project"), make(admin, "project")
    register(admin, service_id, "roses", 5)
    own = wanted(service_id, "roses", 7, project_id=project["id"])
    limit(admin, own)
    assert refused(admin.post("identity", PATH, json={"limits": [own]})) == (409, DUPLICATE)
    both = [wanted(service_id, "roses", 7, project_id=other["id"]), own]
    assert refused(admin.post("identity", PATH, json={"limits": both})) == (409, DUPLICATE)
    assert admin.get("identity", PATH, params={"project_id": other["id"]}).json()["limits"] == []


def test_a_project_that_is_a_domain_gets_the_domains_limit(admin: Client) -> None:
    service_id, domain = service_of(admin), make(admin, "domain")
    register(admin, service_id, "roses", 5)
    (made,) = limit(admin, wanted(service_id, "roses", 7, project_id=domain["id"]))
    assert (made["project_id"], made["domain_id"]) == (None, domain["id"])
    again = wanted(service_id, "roses", 7, domain_id=domain["id"])
    assert refused(admin.post("identity", PATH, json={"limits": [again]})) == (409, DUPLICATE)


@pytest.mark.parametrize("attribute", ["service_id", "region_id", "project_id", "domain_id"])
def test_what_is_not_there_is_named(admin: Client, attribute: str) -> None:
    service_id = service_of(admin)
    register(admin, service_id, "roses", 5)
    owner = {} if attribute == "domain_id" else {"project_id": make(admin, "project")["id"]}
    body = {**wanted(service_id, "roses", 7, **owner), attribute: NOWHERE}
    assert refused(admin.post("identity", PATH, json={"limits": [body]})) == (
        400,
        f"Expecting to find {attribute} in limit. The server could not comply with the request since it is either "
        "malformed or otherwise incorrect. The client is assumed to be in error.",
    )


@pytest.mark.parametrize(
    "owner",
    [{}, {"project_id": NOWHERE, "domain_id": NOWHERE}, {"project_id": NOWHERE, "domain_id": None}, {"user_id": "a"}],
)
def test_a_limit_has_a_project_or_a_domain(admin: Client, owner: dict[str, Any]) -> None:
    service_id = service_of(admin)
    register(admin, service_id, "roses", 5)
    body = wanted(service_id, "roses", 7, **owner)
    assert admin.post("identity", PATH, json={"limits": [body]}).status_code == 400
    assert admin.post("identity", PATH, json={"limits": []}).status_code == 400


def test_each_sees_what_concerns_him(cloud: RunningCloud, admin: Client) -> None:
    service_id, domain = service_of(admin), make(admin, "domain")
    inside, outside = make(admin, "project", domain_id=domain["id"]), make(admin, "project")
    register(admin, service_id, "roses", 5)
    owners = ({"domain_id": domain["id"]}, {"project_id": inside["id"]}, {"project_id": outside["id"]})
    of_domain, of_inside, of_outside = limit(admin, *(wanted(service_id, "roses", 7, **owner) for owner in owners))
    every = (of_domain, of_inside, of_outside)

    def listed(client: Client, **filters: str) -> set[str]:
        shown = client.get("identity", PATH, params={"service_id": service_id, **filters}).json()["limits"]
        return {one["id"] for one in shown}

    def shown(client: Client) -> list[int]:
        return [client.get("identity", f"{PATH}/{one['id']}").status_code for one in every]

    assert listed(admin) == {one["id"] for one in every}
    assert listed(admin, project_id=inside["id"]) == {of_inside["id"]}
    assert listed(admin, domain_id=domain["id"]) == {of_domain["id"]}
    assert listed(admin, resource_name="tulips") == set()
    system = persona(cloud, admin, "reader", "system")
    assert (listed(system), shown(system)) == ({one["id"] for one in every}, [200, 200, 200])
    ruler = persona(cloud, admin, "reader", f"domains/{domain['id']}")
    assert (listed(ruler), shown(ruler)) == ({of_domain["id"], of_inside["id"]}, [200, 200, 403])
    gardener = persona(cloud, admin, "reader", f"projects/{inside['id']}")
    assert (listed(gardener), shown(gardener)) == ({of_inside["id"]}, [403, 200, 403])
    assert listed(gardener, project_id=outside["id"]) == set()
    assert gardener.get("identity", f"{PATH}/{NOWHERE}").status_code == 403
    path = f"{PATH}/{of_inside['id']}"
    for client in (ruler, gardener, system):
        assert client.patch("identity", path, json={"limit": {"resource_limit": 9}}).status_code == 403
        assert client.delete("identity", path).status_code == 403
        body = wanted(service_id, "roses", 7, project_id=inside["id"])
        assert client.post("identity", PATH, json={"limits": [body]}).status_code == 403
    assert cloud.anonymous().get("identity", PATH).status_code == 401


def test_a_projects_limits_go_with_it(admin: Client) -> None:
    service_id, project = service_of(admin), make(admin, "project")
    registered = register(admin, service_id, "roses", 5)
    (made,) = limit(admin, wanted(service_id, "roses", 7, project_id=project["id"]))
    assert admin.delete("identity", f"/v3/projects/{project['id']}").status_code == 204
    assert admin.get("identity", f"{PATH}/{made['id']}").status_code == 404
    assert admin.delete("identity", f"/v3/registered_limits/{registered['id']}").status_code == 204


def test_the_model_tells_its_name(cloud: RunningCloud, admin: Client) -> None:
    model = admin.get("identity", PATH + "/model").json()["model"]
    assert (model["name"], sorted(model)) == ("flat", ["description", "name"])
    assert admin.request("HEAD", "identity", PATH + "/model").status_code == 200
    member = persona(cloud, admin, "member", f"projects/{make(admin, 'project')['id']}")
    assert member.get("identity", PATH + "/model").status_code == 200
    assert cloud.anonymous().get("identity", PATH + "/model").status_code == 401


def test_in_the_strict_model_no_project_has_more_than_its_domain() -> None:
    with running_cloud(identity={"limit_model": "strict_two_level"}) as cloud:
        strict = cloud.login()
        assert strict.get("identity", PATH + "/model").json()["model"]["name"] == "strict_two_level"
        no_project_has_more_than_its_domain(strict)


def no_project_has_more_than_its_domain(strict: Client) -> None:
    service_id, domain = service_of(strict), make(strict, "domain")
    project = make(strict, "project", domain_id=domain["id"])
    register(strict, service_id, "roses", 10)
    too_much = wanted(service_id, "roses", 11, project_id=project["id"])

    def unfit(level: str, own_id: str, most: int) -> tuple[int, str]:
        return (
            403,
            f"Invalid resource limit: The resource limit ({level}: {own_id}, resource_name: roses, resource_limit: "
            f"{most}, service_id: {service_id}, region_id: None) doesn't satisfy current hierarchy model..",
        )

    # What is registered is the domain's limit until it has its own.
    refusal = unfit("project_id", project["id"], 11)
    assert refused(strict.post("identity", PATH, json={"limits": [too_much]})) == refusal
    less = wanted(service_id, "roses", 8, domain_id=domain["id"])
    assert refused(strict.post("identity", PATH, json={"limits": [less, too_much]})) == refusal
    more = wanted(service_id, "roses", 12, domain_id=domain["id"])
    above, own = limit(strict, more, too_much)
    up = strict.patch("identity", f"{PATH}/{own['id']}", json={"limit": {"resource_limit": 13}})
    assert refused(up) == unfit("project_id", project["id"], 13)
    down = strict.patch("identity", f"{PATH}/{above['id']}", json={"limit": {"resource_limit": 10}})
    assert refused(down) == unfit("domain_id", domain["id"], 10)
    for path, most in ((own, 3), (above, 3), (above, -1), (own, 99)):
        changed = strict.patch("identity", f"{PATH}/{path['id']}", json={"limit": {"resource_limit": most}})
        assert changed.status_code == 200


def test_every_change_is_written_down(cloud: RunningCloud, admin: Client) -> None:
    service_id, project = service_of(admin), make(admin, "project")
    registered = register(admin, service_id, "roses", 5)
    (own,) = limit(admin, wanted(service_id, "roses", 7, project_id=project["id"]))
    admin.patch("identity", f"{PATH}/{own['id']}", json={"limit": {"resource_limit": 1}})
    admin.delete("identity", f"{PATH}/{own['id']}")
    path = f"/v3/registered_limits/{registered['id']}"
    admin.patch("identity", path, json={"registered_limit": {"default_limit": 1}})
    admin.delete("identity", path)

    def actions(target_id: str) -> list[tuple[str, str, str]]:
        rows = cloud.cloud.store.read(lambda db: db.tuples(WRITTEN, target_id=target_id))
        return [tuple(row) for row in rows]

    assert actions(own["id"]) == [("limit", action, project["id"]) for action in ("created", "updated", "deleted")]
    assert actions(registered["id"]) == [("registered_limit", it, "") for it in ("created", "updated", "deleted")]


def test_other_services_ask_for_a_projects_limit(cloud: RunningCloud, admin: Client) -> None:
    kind = f"orchard-{token_hex(4)}"
    service = admin.post("identity", "/v3/services", json={"service": {"type": kind}}).json()["service"]
    project, other = make(admin, "project"), make(admin, "project")

    def asked(name: str, project_id: str) -> int | None:
        return cloud.cloud.store.read(lambda db: limit_of(db, kind, name, project_id))

    assert asked("pears", project["id"]) is None
    register(admin, service["id"], "pears", 5)
    limit(admin, wanted(service["id"], "pears", 7, project_id=project["id"]))
    # In the flat model a domain's limit is nobody else's.
    limit(admin, wanted(service["id"], "pears", 1, domain_id="default"))
    assert [asked("pears", one) for one in (project["id"], other["id"], NOWHERE, "")] == [7, 5, 5, 5]
    assert asked("plums", project["id"]) is None
