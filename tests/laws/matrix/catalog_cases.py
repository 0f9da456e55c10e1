"""Calls upon the catalog, policies, regions and limits: what the whole cloud has, and nobody owns."""

from typing import Any

from tests.laws.matrix.personas import Persona
from tests.laws.matrix.scene import Case, Made, Scene, named, outside
from tests.surface import DefaultRule

FILTER, POLICY = "/v3/OS-EP-FILTER", "OS-ENDPOINT-POLICY"
CHANGED = {"description": "changed"}


def plain(scene: Scene, row: DefaultRule) -> Made:
    """A call that needs nothing."""
    return Made()


def service(scene: Scene) -> str:
    return str(scene.new("service", type=named("garden"))["id"])


def region(scene: Scene) -> str:
    return str(scene.new("region", id=named("region"))["id"])


def endpoint_body(scene: Scene) -> dict[str, Any]:
    return {"service_id": scene.once(service), "interface": "public", "url": "http://controller:9292"}


def endpoint(scene: Scene) -> str:
    return str(scene.new("endpoint", **endpoint_body(scene))["id"])


def policy_body(scene: Scene) -> dict[str, Any]:
    return {"blob": "{}", "type": "application/json"}


def policy(scene: Scene) -> str:
    return str(scene.new("policy", path="/v3/policies", **policy_body(scene))["id"])


def endpoint_group_body(scene: Scene) -> dict[str, Any]:
    return {"name": named("group"), "filters": {"interface": "public"}}


def endpoint_group(scene: Scene) -> str:
    return str(scene.new("endpoint_group", path=f"{FILTER}/endpoint_groups", **endpoint_group_body(scene))["id"])


def registered_body(scene: Scene) -> dict[str, Any]:
    return {"service_id": scene.once(service), "resource_name": named("roses"), "default_limit": 5}


def registered_limit(scene: Scene) -> str:
    wanted = {"registered_limits": [registered_body(scene)]}
    return str(scene.must("POST", "/v3/registered_limits", wanted)["registered_limits"][0]["id"])


def limit_body(scene: Scene, **owner: str) -> dict[str, Any]:
    """A limit of a thing that is registered for it."""
    registered = registered_body(scene)
    scene.must("POST", "/v3/registered_limits", {"registered_limits": [registered]})
    known = {name: registered[name] for name in ("service_id", "resource_name")}
    return {**known, "resource_limit": 7, **(owner or {"project_id": scene.home.project_id})}


def new_limit(scene: Scene, **owner: str) -> str:
    return str(scene.must("POST", "/v3/limits", {"limits": [limit_body(scene, **owner)]})["limits"][0]["id"])


def project_limit(scene: Scene) -> str:
    return new_limit(scene)


def domain_limit(scene: Scene) -> str:
    return new_limit(scene, domain_id=scene.home.domain_id)


def limit_of_project(scene: Scene, row: DefaultRule) -> Made:
    seen = {"project_id": scene.home.project_id, "domain_id": None, "project": {"domain_id": scene.home.domain_id}}
    return Made({"limit_id": scene.once(project_limit)}, target={"limit": seen})


def limit_of_domain(scene: Scene, row: DefaultRule) -> Made:
    seen = {"project_id": None, "domain_id": scene.home.domain_id, "domain": {"id": scene.home.domain_id}}
    return Made({"limit_id": scene.once(domain_limit)}, target={"limit": seen})


def unseen_limits(scene: Scene, persona: Persona) -> set[str]:
    """Keystone shows the limits of all to the system's people, administrators and services; others see their own."""
    token, roles = persona.credentials, persona.credentials["roles"]
    if token["system_scope"] or "admin" in roles or "service" in roles:
        return set()
    domains_own = {scene.home.domain_id} if token["project_id"] else set()
    return outside(scene, persona.domain_id, token["project_domain_id"]) | domains_own


def all_limits(scene: Scene, row: DefaultRule) -> Made:
    scene.once(project_limit)
    scene.once(domain_limit)
    return Made()


def of(kind: str, make: Any) -> Case:
    """Calls upon one thing: a new one for each that is deleted, else always the same."""

    def made(scene: Scene, row: DefaultRule) -> Made:
        own_id = make(scene) if row.method == "DELETE" else scene.once(make)
        return Made({f"{kind}_id": own_id}, {kind: CHANGED} if row.method == "PATCH" else None)

    return Case(made)


def creating(kind: str, body: Any) -> Case:
    return Case(lambda scene, row: Made(body={kind: body(scene)}))


def region_named(scene: Scene, row: DefaultRule) -> Made:
    body: dict[str, Any] = {"region": {}}
    return Made({"region_id": named("region")}, body) if row.method == "PUT" else Made(body=body)


def in_project(scene: Scene, row: DefaultRule) -> Made:
    """An endpoint, or a group of them, and a project that has it."""
    project_id = scene.home.project_id
    ids = {"project_id": project_id, "endpoint_id": endpoint(scene), "endpoint_group_id": endpoint_group(scene)}
    if row.method != "PUT":
        scene.must("PUT", f"{FILTER}/projects/{project_id}/endpoints/{ids['endpoint_id']}")
        scene.must("PUT", f"{FILTER}/endpoint_groups/{ids['endpoint_group_id']}/projects/{project_id}")
    return Made(ids)


def under_policy(scene: Scene, row: DefaultRule) -> Made:
    """A policy with an endpoint, a service and a service in a region under it."""
    ids = {"policy_id": policy(scene), "region_id": scene.once(region)}
    ids |= {"endpoint_id": endpoint(scene), "service_id": service(scene)}
    if row.method != "PUT":
        place = f"/v3/policies/{ids['policy_id']}/{POLICY}"
        scene.must("PUT", f"{place}/endpoints/{ids['endpoint_id']}")
        scene.must("PUT", f"{place}/services/{ids['service_id']}")
        scene.must("PUT", f"{place}/services/{ids['service_id']}/regions/{ids['region_id']}")
    return Made(ids)


PLAIN = ("endpoints", "services", "regions", "registered_limits", "policies", "endpoint_groups", "revoke_events")
ASSOCIATIONS = [
    f"{verb}_policy_association_for_{what}"
    for verb in ("create", "check", "delete")
    for what in ("endpoint", "service", "region_and_service")
]
FILTERS = [
    "list_projects_associated_with_endpoint_group",
    "list_endpoints_associated_with_endpoint_group",
    "get_endpoint_group_in_project",
    "list_endpoint_groups_for_project",
    "add_endpoint_group_to_project",
    "remove_endpoint_group_from_project",
    "list_projects_for_endpoint",
    "add_endpoint_to_project",
    "check_endpoint_in_project",
    "list_endpoints_for_project",
    "remove_endpoint_from_project",
]
THINGS = {
    "service": service,
    "endpoint": endpoint,
    "region": region,
    "policy": policy,
    "endpoint_group": endpoint_group,
    "registered_limit": registered_limit,
}
CASES: dict[str, list[Case]] = {
    **{f"list_{name}": [Case(plain)] for name in PLAIN},
    **{f"{verb}_{kind}": [of(kind, make)] for kind, make in THINGS.items() for verb in ("get", "update", "delete")},
    **{name: [Case(in_project)] for name in FILTERS},
    **{name: [Case(under_policy)] for name in (*ASSOCIATIONS, "get_policy_for_endpoint", "list_endpoints_for_policy")},
    "create_service": [creating("service", lambda scene: {"type": named("garden")})],
    "create_endpoint": [creating("endpoint", endpoint_body)],
    "create_region": [Case(region_named)],
    "create_policy": [creating("policy", policy_body)],
    "create_endpoint_group": [creating("endpoint_group", endpoint_group_body)],
    "create_registered_limits": [creating("registered_limits", lambda scene: [registered_body(scene)])],
    "get_limit_model": [Case(plain)],
    "list_limits": [Case(all_limits, unseen=unseen_limits)],
    "get_limit": [Case(limit_of_project, "of a project"), Case(limit_of_domain, "of a domain")],
    "create_limits": [creating("limits", lambda scene: [limit_body(scene)])],
    "update_limit": [of("limit", project_limit)],
    "delete_limit": [of("limit", project_limit)],
}
