"""The unmodified client's commands of the catalog, of policies kept for others and of limits, each of them run."""

import json
from pathlib import Path

from tests.clients.command_walk import Walk, walks

REGION = "region, description, parent_region"
SERVICE = "id, name, type, enabled, description"
ENDPOINT = "enabled, id, interface, region, region_id, service_id, url, service_name, service_type"
ENDPOINTS = "ID, Region, Service Name, Service Type, Enabled, Interface, URL"
ENDPOINT_GROUP = "description, filters, id, name"
POLICY = "id, rules, type"
REGISTERED = "default_limit, description, id, region_id, resource_name, service_id"
LIMIT = "description, id, project_id, region_id, resource_limit, resource_name, service_id"


@walks("region", "create, delete, list, set, show")
def test_regions(walk: Walk) -> None:
    made = walk.shown("region create --parent-region RegionOne --description Harbour inner", REGION)
    assert made == {"region": "inner", "parent_region": "RegionOne", "description": "Harbour"}
    listed = walk.listed("region list", "Region, Parent Region, Description")
    assert [one["Region"] for one in listed] == ["RegionOne", "inner"]
    assert [one["Region"] for one in walk.json("region list --parent-region RegionOne")] == ["inner"]
    walk.shown("region create outer", REGION)
    walk.does("region set --parent-region outer --description Bay inner")
    assert walk.shown("region show inner", REGION) == {
        "region": "inner",
        "parent_region": "outer",
        "description": "Bay",
    }
    walk.does("region delete inner", "region delete outer")
    walk.refused("region show inner", "inner")


@walks("service", "create, delete, list, set, show")
def test_services(walk: Walk) -> None:
    made = walk.shown("service create --name ferry --description Crossings --disable transport", SERVICE)
    assert (made["name"], made["type"], made["enabled"]) == ("ferry", "transport", False)
    listed = walk.listed("service list", "ID, Name, Type")
    assert {(one["Name"], one["Type"]) for one in listed} >= {("keystone", "identity"), ("ferry", "transport")}
    long = walk.listed("service list --long", "ID, Name, Type, Description, Enabled")
    assert [one["Enabled"] for one in long if one["Name"] == "ferry"] == [False]
    walk.does("service set --type shipping --name tug --description Pulls --enable ferry")
    changed = {**made, "name": "tug", "type": "shipping", "description": "Pulls", "enabled": True}
    for name in ("tug", "shipping", made["id"]):
        assert walk.shown(f"service show {name}", SERVICE) == changed, name
    walk.does("service delete tug")
    walk.refused("service show tug", "No service with a type, name or ID of 'tug' exists.")


@walks("endpoint", "add project, create, delete, list, remove project, set, show")
@walks("catalog", "list, show")
def test_endpoints_and_what_the_catalog_says_of_them(walk: Walk) -> None:
    walk.json("service create --name ferry transport")
    walk.json("region create south")
    project = walk.json("project show admin")["id"]
    made = walk.shown("endpoint create --region RegionOne transport public http://pier/%(tenant_id)s", ENDPOINT)
    assert (made["interface"], made["region"], made["enabled"]) == ("public", "RegionOne", True)
    assert (made["service_name"], made["service_type"]) == ("ferry", "transport")
    entry = walk.shown("catalog show ferry", "endpoints, id, name, type")
    assert [one["url"] for one in entry["endpoints"]] == [f"http://pier/{project}"]
    catalog = {one["Name"]: one["Type"] for one in walk.listed("catalog list", "Name, Type, Endpoints")}
    assert catalog.items() >= {"keystone": "identity", "ferry": "transport"}.items()
    walk.does(f"endpoint set --region south --interface admin --url http://dock --disable {made['id']}")
    shown = walk.shown(f"endpoint show {made['id']}", ENDPOINT)
    assert (shown["region_id"], shown["interface"], shown["url"]) == ("south", "admin", "http://dock")
    assert shown["enabled"] is False
    walk.does(f"endpoint set --service transport --enable {made['id']}")
    assert len(walk.listed("endpoint list", ENDPOINTS)) > 1
    for filters in ("--service ferry", "--region south", "--service transport --interface admin"):
        (listed,) = walk.listed(f"endpoint list {filters}", ENDPOINTS)
        assert (listed["ID"], listed["Enabled"], listed["URL"]) == (made["id"], True, "http://dock"), filters
    walk.does(f"endpoint add project --project-domain default {made['id']} service")
    assert walk.names(f"endpoint list --endpoint {made['id']}") == ["service"]
    assert walk.ids("endpoint list --project service") == [made["id"]]
    walk.does(f"endpoint remove project --project-domain default {made['id']} service")
    assert walk.ids("endpoint list --project service --project-domain default") == []
    walk.does(f"endpoint delete {made['id']}", "service delete ferry", "region delete south")
    walk.refused(f"endpoint show {made['id']}", made["id"])


@walks("endpoint group", "add project, create, delete, list, remove project, set, show")
def test_endpoint_groups(walk: Walk, tmp_path: Path) -> None:
    filters = tmp_path / "filters.json"
    filters.write_text(json.dumps({"interface": "public"}))
    made = walk.shown(f"endpoint group create --description Seen open {filters}", ENDPOINT_GROUP)
    assert (made["name"], made["description"], made["filters"]) == ("open", "Seen", {"interface": "public"})
    filters.write_text(json.dumps({"interface": "admin"}))
    walk.does(f"endpoint group set --name shut --description Hidden --filters {filters} open")
    shown = walk.shown("endpoint group show shut", ENDPOINT_GROUP)
    assert shown == {**made, "name": "shut", "description": "Hidden", "filters": {"interface": "admin"}}
    (listed,) = walk.listed("endpoint group list", "ID, Name, Description")
    assert listed == {"ID": made["id"], "Name": "shut", "Description": "Hidden"}
    walk.does("endpoint group add project --project-domain default shut service")
    assert walk.names("endpoint group list --endpointgroup shut") == ["service"]
    assert walk.names("endpoint group list --project service --domain default") == ["shut"]
    assert {one["Interface"] for one in walk.json("endpoint list --interface admin")} == {"admin"}
    walk.does("endpoint group remove project --project-domain default shut service")
    assert walk.names("endpoint group list --project service") == []
    walk.does("endpoint group delete shut")
    walk.refused("endpoint group show shut", "shut")


@walks("policy", "create, delete, list, set, show")
def test_policies(walk: Walk, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"sail": "role:captain"}')
    made = walk.shown(f"policy create --type application/json {rules}", POLICY)
    assert (made["rules"], made["type"]) == ('{"sail": "role:captain"}', "application/json")
    assert walk.listed("policy list", "ID, Type") == [{"ID": made["id"], "Type": "application/json"}]
    (long,) = walk.listed("policy list --long", "ID, Type, Rules")
    assert long["Rules"] == made["rules"]
    rules.write_text("none")
    walk.does(f"policy set --rules {rules} --type text/plain {made['id']}")
    assert walk.shown(f"policy show {made['id']}", POLICY) == {**made, "rules": "none", "type": "text/plain"}
    walk.does(f"policy delete {made['id']}")
    walk.refused(f"policy show {made['id']}", made["id"])


@walks("registered limit", "create, delete, list, set, show")
def test_registered_limits(walk: Walk) -> None:
    options = "--service nova --region RegionOne --default-limit 5 --description Few"
    made = walk.shown(f"registered limit create {options} class:CABIN", REGISTERED)
    assert (made["default_limit"], made["region_id"], made["resource_name"]) == (5, "RegionOne", "class:CABIN")
    columns = "ID, Service ID, Resource Name, Default Limit, Description, Region ID"
    for filters in ("", "--service nova", "--resource-name class:CABIN", "--region RegionOne"):
        (listed,) = walk.listed(f"registered limit list {filters}", columns)
        assert (listed["ID"], listed["Default Limit"], listed["Description"]) == (made["id"], 5, "Few"), filters
    changes = "--default-limit 7 --description More --resource-name class:BERTH --service glance --region RegionOne"
    changed = walk.shown(f"registered limit set {changes} {made['id']}", REGISTERED)
    assert (changed["default_limit"], changed["description"]) == (7, "More")
    assert changed["resource_name"] == "class:BERTH"
    assert walk.shown(f"registered limit show {made['id']}", REGISTERED) == changed
    walk.does(f"registered limit delete {made['id']}")
    walk.refused(f"registered limit show {made['id']}", made["id"])


@walks("limit", "create, delete, list, set, show")
def test_limits(walk: Walk) -> None:
    registered = walk.json("registered limit create --service nova --region RegionOne --default-limit 5 class:CABIN")
    options = "--description Own --region RegionOne --project service --service nova --resource-limit 9"
    made = walk.shown(f"limit create {options} class:CABIN", LIMIT)
    assert (made["resource_limit"], made["resource_name"], made["description"]) == (9, "class:CABIN", "Own")
    columns = "ID, Project ID, Service ID, Resource Name, Resource Limit, Description, Region ID"
    for filters in ("", "--service nova", "--resource-name class:CABIN", "--region RegionOne", "--project service"):
        (listed,) = walk.listed(f"limit list {filters}", columns)
        assert (listed["ID"], listed["Resource Limit"]) == (made["id"], 9), filters
    changed = walk.shown(f"limit set --description Fewer --resource-limit 2 {made['id']}", LIMIT)
    assert changed == {**made, "description": "Fewer", "resource_limit": 2}
    assert walk.shown(f"limit show {made['id']}", LIMIT) == changed
    walk.refused(f"registered limit delete {registered['id']}", "1 of 1 registered limits failed to delete.")
    walk.does(f"limit delete {made['id']}", f"registered limit delete {registered['id']}")
    walk.refused(f"limit show {made['id']}", made["id"])
