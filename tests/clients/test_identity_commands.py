"""Every command of identity that the unmodified client has, run: domains, projects, people; and what isn't built.

The commands of catalogs and limits, and of roles and credentials, are run by the two modules that are imported here.
"""

import pytest

from tests.clients import test_identity_catalog_commands as catalog
from tests.clients import test_identity_grant_commands as grants
from tests.clients.command_walk import Walk, commands_of, commands_walked, walks
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import Client, RunningCloud
from tests.surface import commands

TABLE = frozenset(commands("openstack.identity.v3"))
DOMAIN = "id, name, enabled, description, options"
PROJECT = "description, domain_id, enabled, id, is_domain, name, options, parent_id, tags"
USER = "default_project_id, domain_id, email, enabled, id, name, description, password_expires_at, options"
GROUP = "description, domain_id, id, name"
NAMED = "ID, Name"

# What the client sends of federation, which is answered by a sentence and 501 until it is built.
UNBUILT = {
    "identity provider create": "--remote-id far --description Far --domain default --enable far",
    "identity provider delete": "far",
    "identity provider list": "--enabled",
    "identity provider set": "--description Farther --disable far",
    "identity provider show": "far",
    "mapping create": "--rules {rules} names",
    "mapping delete": "names",
    "mapping list": "",
    "mapping set": "--rules {rules} names",
    "mapping show": "names",
    "federation protocol create": "--identity-provider far --mapping names saml2",
    "federation protocol delete": "--identity-provider far saml2",
    "federation protocol list": "--identity-provider far",
    "federation protocol set": "--identity-provider far --mapping names saml2",
    "federation protocol show": "--identity-provider far saml2",
    "service provider create": "--auth-url http://far/auth --service-provider-url http://far/sp far",
    "service provider delete": "far",
    "service provider list": "",
    "service provider set": "--description Far --disable far",
    "service provider show": "far",
}
# What the client won't send without a library for OAuth 1, which it doesn't bring along; and what it would send.
OAUTH = {
    "consumer create": ("--description Far", "POST /v3/OS-OAUTH1/consumers"),
    "consumer delete": ("far", "DELETE /v3/OS-OAUTH1/consumers/far"),
    "consumer list": ("", "GET /v3/OS-OAUTH1/consumers"),
    "consumer set": ("--description Farther far", "PATCH /v3/OS-OAUTH1/consumers/far"),
    "consumer show": ("far", "GET /v3/OS-OAUTH1/consumers/far"),
    "request token create": (
        "--consumer-key far --consumer-secret secret --project admin",
        "POST /v3/OS-OAUTH1/request_token",
    ),
    "request token authorize": ("--request-key key --role member", "PUT /v3/OS-OAUTH1/authorize/key"),
    "access token create": (
        "--consumer-key far --consumer-secret secret --request-key key --request-secret secret --verifier word",
        "POST /v3/OS-OAUTH1/access_token",
    ),
}


def test_every_command_of_the_table_is_run_by_a_test() -> None:
    here = [commands_of(test) for test in globals().values()]
    assert commands_walked(catalog, grants).union(UNBUILT, OAUTH, *here) == TABLE


@pytest.mark.parametrize("command", UNBUILT)
def test_what_is_not_built_says_so(walk: Walk, tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    rules = tmp_path_factory.mktemp("mapping") / "rules.json"
    rules.write_text('[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]')
    walk.refused(f"{command} {UNBUILT[command]}".format(rules=rules), "haneul does not offer")
    assert walk.ran == {command}


@pytest.mark.parametrize("command", OAUTH)
def test_oauth_is_refused_by_the_client_and_by_us(walk: Walk, admin: Client, command: str) -> None:
    options, call = OAUTH[command]
    walk.refused(f"{command} {options}", "oauthlib must be installed")
    assert walk.ran == {command}
    method, path = call.split()
    answer = admin.request(method, "identity", path)
    assert answer.status_code == 501
    assert "haneul does not offer" in answer.json()["error"]["message"]


@walks("federation", "domain list, project list")
def test_the_lists_that_federated_users_ask_for(walk: Walk) -> None:
    walk.does("role add --domain default --user admin reader")
    listed = walk.listed("federation domain list", "ID, Enabled, Name, Description")
    assert [(one["ID"], one["Enabled"], one["Name"]) for one in listed] == [("default", True, "Default")]
    listed = walk.listed("federation project list", "ID, Domain ID, Enabled, Name")
    assert [(one["Domain ID"], one["Enabled"], one["Name"]) for one in listed] == [("default", True, "admin")]
    walk.does("role remove --domain default --user admin reader")


def test_the_version_that_is_reported(walk: Walk) -> None:
    columns = "Region Name, Service Type, Version, Status, Endpoint, Min Microversion, Max Microversion"
    (told,) = walk.listed("versions show --service identity", columns)
    assert (told["Version"], told["Status"], told["Min Microversion"]) == ("3.14", "CURRENT", None)


@walks("domain", "create, delete, list, set, show")
def test_domains(walk: Walk) -> None:
    made = walk.shown("domain create --description Fields --immutable meadow", DOMAIN)
    assert (made["name"], made["description"], made["enabled"]) == ("meadow", "Fields", True)
    assert made["options"] == {"immutable": True}
    assert walk.shown("domain create --or-show meadow", DOMAIN) == made
    walk.refused("domain set --description Grass meadow", "Unable to update immutable domain resource")
    walk.does("domain set --no-immutable meadow", "domain set --name pasture --description Grass --disable meadow")
    changed = walk.shown("domain show pasture", DOMAIN)
    assert (changed["id"], changed["description"], changed["enabled"]) == (made["id"], "Grass", False)
    assert walk.shown(f"domain show {made['id']}", DOMAIN) == changed
    columns = "ID, Name, Enabled, Description"
    assert [one["Name"] for one in walk.listed("domain list", columns)] == ["Default", "pasture"]
    assert [one["Enabled"] for one in walk.listed("domain list --name pasture", columns)] == [False]
    assert walk.names("domain list --enabled") == ["Default"]
    walk.refused("domain create pasture", "409")
    walk.does("domain set --enable pasture")
    walk.refused("domain delete pasture", "1 of 1 domains failed to delete.")
    walk.does("domain set --disable pasture", "domain delete pasture")
    walk.refused("domain show pasture", "No Domain found for pasture")


@walks("project", "create, delete, set, show")
def test_projects(walk: Walk) -> None:
    walk.shown("domain create trees", DOMAIN)
    root = walk.shown("project create --domain trees --description Below --tag old --tag tall oak", PROJECT)
    assert (root["description"], root["is_domain"], root["parent_id"]) == ("Below", False, root["domain_id"])
    assert sorted(root["tags"]) == ["old", "tall"]
    assert walk.shown("project create --domain trees --or-show oak", PROJECT) == root
    given = "--domain trees --parent oak --property colour=green --disable --immutable"
    leaf = walk.shown(f"project create {given} leaf", f"{PROJECT}, colour")
    assert (leaf["parent_id"], leaf["enabled"], leaf["options"]) == (root["id"], False, {"immutable": True})
    walk.refused("project set --domain trees --name branch leaf", "immutable")
    walk.does("project set --domain trees --no-immutable leaf")
    changes = "--name branch --description Wood --enable --property colour=brown --tag young"
    walk.does(f"project set --domain trees {changes} leaf")
    shown = walk.shown("project show --domain trees --parents branch", f"{PROJECT}, colour, parents")
    assert shown["parents"] == {root["id"]: {root["domain_id"]: None}}
    assert (shown["description"], shown["colour"], shown["tags"]) == ("Wood", "brown", ["young"])
    assert walk.json(f"project show --children {root['id']}")["subtree"] == {leaf["id"]: None}
    walk.does("project set --domain trees --remove-tag old oak", "project set --domain trees --clear-tags branch")
    assert walk.json("project show oak")["tags"] == ["tall"]
    assert walk.json("project show branch")["tags"] == []
    walk.refused("project delete --domain trees oak", "1 of 1 projects failed to delete.")
    walk.does("project delete --domain trees branch oak", "domain set --disable trees", "domain delete trees")


@walks("project", "list")
def test_lists_of_projects(walk: Walk) -> None:
    walk.json("project create --tag red --tag round apple")
    walk.json("project create --parent apple --tag red --disable cherry")
    long = walk.listed("project list --long --parent apple", "ID, Name, Domain ID, Description, Enabled")
    assert [(one["Name"], one["Domain ID"], one["Enabled"]) for one in long] == [("cherry", "default", False)]
    assert {one["Name"] for one in walk.listed("project list", NAMED)} >= {"admin", "service", "apple", "cherry"}
    expected = {
        "--domain default --tags red": ["apple", "cherry"],
        "--tags red,round": ["apple"],
        "--tags-any round,square": ["apple"],
        "--not-tags red,round --tags-any red": ["cherry"],
        "--not-tags-any round --tags red": ["cherry"],
        "--tags red --sort name:desc": ["cherry", "apple"],
        "--tags red --enabled": ["apple"],
        "--tags red --disabled": ["cherry"],
        "--user admin": ["admin"],
        "--user admin --domain default --enabled": ["admin"],
        "--my-projects": ["admin"],
    }
    for options, names in expected.items():
        assert walk.names(f"project list {options}") == names, options
    walk.does("project delete cherry apple")


@walks("user", "create, delete, list, password set, set, show")
def test_users(cloud: RunningCloud, walk: Walk) -> None:
    options = "--ignore-lockout-failure-attempts --ignore-password-expiry --ignore-change-password-upon-first-use"
    named = "--domain default --project service --email ann@example.org --description Night"
    made = walk.shown(f"user create {named} {options} --enable-lock-password --password moon ann", USER)
    assert (made["email"], made["description"], made["enabled"]) == ("ann@example.org", "Night", True)
    assert made["options"] == {
        "ignore_lockout_failure_attempts": True,
        "ignore_password_expiry": True,
        "ignore_change_password_upon_first_use": True,
        "lock_password": True,
    }
    assert made["password_expires_at"] is None
    assert walk.shown("user create --or-show ann", USER) == made
    ann = walk.by(OpenStackCli(cloud, user="ann", password="moon", project="service"))
    walk.does("role add --project service --user ann member")
    ann.refused("user password set --original-password moon --password sun", "400")
    walk.does("user set --disable-lock-password --no-ignore-password-expiry ann")
    ann.refused("user password set --original-password star --password sun", "401")
    ann.does("user password set --original-password moon --password sun")
    assert cloud.login("unscoped", name="ann", password="sun").token
    rules = "--enable-multi-factor-auth --multi-factor-auth-rule password,totp --multi-factor-auth-rule password"
    walk.does(f"user set {rules} --name anne --email anne@example.org --description Day --project admin ann")
    changed = walk.shown("user show --domain default anne", USER)
    assert (changed["email"], changed["description"]) == ("anne@example.org", "Day")
    assert changed["options"]["multi_factor_auth_rules"] == [["password", "totp"], ["password"]]
    walk.does("user set --disable-multi-factor-auth --password dusk --disable anne")
    assert walk.shown(f"user show {made['id']}", USER)["enabled"] is False
    assert walk.names("user list --disabled") == ["anne"]
    walk.does("user set --enable anne")
    assert cloud.login("unscoped", name="anne", password="dusk").token
    walk.does("user delete --domain default anne")
    walk.refused("user show anne", "No User found for anne")


@walks("user", "list")
def test_lists_of_users(walk: Walk) -> None:
    walk.json("project create orchard")
    walk.json("group create pickers")
    walk.json("user create --project orchard --email bo@example.org --description Picks bo")
    walk.does("group add user pickers bo", "role add --project orchard --user bo reader")
    assert [one["Name"] for one in walk.listed("user list", NAMED)] == ["admin", "bo"]
    (long,) = walk.listed("user list --long --group pickers", "ID, Name, Project, Domain, Description, Email, Enabled")
    assert (long["Name"], long["Domain"], long["Description"]) == ("bo", "default", "Picks")
    assert (long["Email"], long["Enabled"]) == ("bo@example.org", True)
    assert long["Project"] == walk.json("project show orchard")["id"]
    assert walk.names("user list --project orchard") == ["bo"]
    assert walk.names("user list --project orchard --domain default") == ["bo"]
    assert walk.names("user list --domain default --enabled") == ["admin", "bo"]
    assert walk.names("user list --disabled") == []
    walk.does("user delete bo", "group delete pickers", "project delete orchard")


@walks("group", "add user, contains user, create, delete, list, remove user, set, show")
def test_groups(walk: Walk) -> None:
    made = walk.shown("group create --domain default --description Singers choir", GROUP)
    assert (made["name"], made["description"], made["domain_id"]) == ("choir", "Singers", "default")
    assert walk.shown("group create --or-show choir", GROUP) == made
    walk.json("user create cleo")
    walk.json("user create dag")
    walk.does("group add user choir cleo dag")
    assert walk.run("group contains user choir cleo").out.strip() == "cleo in group choir"
    assert walk.names("user list --group choir") == ["cleo", "dag"]
    walk.does("group remove user choir dag")
    assert walk.run("group contains user choir dag").err.strip() == "dag not in group choir"
    walk.does("group set --name band --description Players choir")
    assert walk.shown("group show band", GROUP) == {**made, "name": "band", "description": "Players"}
    (listed,) = walk.listed("group list --long --domain default", "ID, Name, Domain ID, Description")
    assert listed == {"ID": made["id"], "Name": "band", "Domain ID": "default", "Description": "Players"}
    assert walk.listed("group list --user cleo", NAMED) == [{"ID": made["id"], "Name": "band"}]
    assert walk.names("group list --user dag --user-domain default") == []
    walk.does("user delete cleo dag", "group delete --domain default band")
    walk.refused("group show band", "No Group found for band")
