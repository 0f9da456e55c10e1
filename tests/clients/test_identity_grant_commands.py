"""The unmodified client's commands of roles and assignments, tokens, trusts and credentials, each of them run."""

import json

from tests.clients.command_walk import Walk, walks
from tests.clients.openstack_cli import OpenStackCli
from tests.clients.walkthrough import variables
from tests.support.cloud import Client, RunningCloud

ROLE = "id, name, domain_id, description"
ASSIGNMENT = "Role, User, Group, Project, Domain, System, Inherited"
TOKEN = "expires, id, project_id, user_id"
CREDENTIAL = "blob, id, project_id, type, user_id"
EC2 = "access, links, project_id, secret, trust_id, user_id"
TRUST = (
    "expires_at, id, is_impersonation, project_id, redelegated_trust_id, redelegation_count, remaining_uses, roles, "
    "trustee_user_id, trustor_user_id"
)
APPLICATION = "ID, Name, Description, Project ID, Roles, Unrestricted, Access Rules, Expires At"
NEVER = "2099-01-01T00:00:00"


@walks("role", "create, delete, list, set, show")
def test_roles(walk: Walk) -> None:
    made = walk.shown("role create --description Reads --immutable librarian", ROLE)
    assert (made["name"], made["description"], made["domain_id"]) == ("librarian", "Reads", None)
    assert walk.shown("role create --or-show librarian", ROLE) == made
    walk.refused("role set --name archivist librarian", "Unable to update immutable role resource")
    walk.refused("role delete librarian", "1 of 1 roles failed to delete.")
    walk.does("role set --no-immutable librarian", "role set --name archivist --description Keeps librarian")
    assert walk.shown("role show archivist", ROLE) == {**made, "name": "archivist", "description": "Keeps"}
    names = {one["Name"] for one in walk.listed("role list", "ID, Name")}
    assert names >= {"admin", "manager", "member", "reader", "service", "archivist"}
    own = walk.shown("role create --domain default janitor", ROLE)
    assert own["domain_id"] == "default"
    (listed,) = walk.listed("role list --domain default", "ID, Name, Domain")
    assert listed == {"ID": own["id"], "Name": "janitor", "Domain": "Default"}
    walk.does("role set --domain default --name porter janitor")
    assert walk.shown("role show --domain default porter", ROLE) == {**own, "name": "porter"}
    walk.does("role delete archivist", "role delete --domain default porter")
    walk.refused("role show archivist", "No Role found for archivist")


@walks("implied role", "create, delete, list")
def test_implied_roles(walk: Walk) -> None:
    prior, implied = walk.json("role create captain"), walk.json("role create sailor")
    made = walk.shown("implied role create --implied-role sailor captain", "implies, prior_role")
    assert made == {"implies": implied["id"], "prior_role": prior["id"]}
    columns = "Prior Role ID, Prior Role Name, Implied Role ID, Implied Role Name"
    pairs = [(one["Prior Role Name"], one["Implied Role Name"]) for one in walk.listed("implied role list", columns)]
    assert ("captain", "sailor") in pairs
    assert ("member", "reader") in pairs
    walk.does("implied role delete --implied-role sailor captain")
    assert "captain" not in [one["Prior Role Name"] for one in walk.json("implied role list")]
    walk.does("role delete captain sailor")


@walks("role", "add, remove")
@walks("role assignment", "list")
def test_roles_are_given_on_projects_domains_and_the_system(walk: Walk) -> None:
    for line in ("project create quay", "user create eve", "group create crew", "role create stoker"):
        walk.json(line)
    walk.json("role create --domain default mate")
    inherited = "--user-domain default --inherited"
    given = {
        "--project quay --project-domain default --user eve stoker": ("eve", "", "quay", "", "", False),
        f"--project quay --user eve {inherited} stoker": ("eve", "", "quay", "", "", True),
        "--domain default --user eve stoker": ("eve", "", "", "Default", "", False),
        "--system all --user eve stoker": ("eve", "", "", "", "all", False),
        "--project quay --group crew --group-domain default stoker": ("", "crew", "quay", "", "", False),
        "--domain default --group crew --inherited stoker": ("", "crew", "", "Default", "", True),
        "--system all --group crew stoker": ("", "crew", "", "", "all", False),
    }
    for options, expected in given.items():
        walk.does(f"role add {options}")
        (one,) = walk.listed("role assignment list --names --role stoker", ASSIGNMENT)
        found = (one["User"], one["Group"], one["Project"], one["Domain"], one["System"], one["Inherited"])
        assert tuple(str(part).removesuffix("@Default") for part in found) == tuple(map(str, expected)), options
        walk.does(f"role remove {options}")
        assert walk.json("role assignment list --role stoker") == []
    walk.does("role add --project quay --user eve --role-domain default mate")
    (one,) = walk.json("role assignment list --names --role mate --role-domain default")
    assert (one["Role"], one["User"], one["Project"]) == ("mate@Default", "eve@Default", "quay@Default")
    walk.does("role remove --project quay --user eve --role-domain default mate")
    walk.does("project delete quay", "user delete eve", "group delete crew", "role delete stoker")
    walk.does("role delete --domain default mate")


@walks("role assignment", "list")
def test_assignments_are_listed_by_what_they_join(walk: Walk) -> None:
    for line in ("project create dock", "user create fay", "group create gang"):
        walk.json(line)
    walk.does("group add user gang fay", "role add --project dock --group gang member")
    walk.does("role add --system all --user fay reader", "role add --domain default --user fay --inherited manager")

    def seen(options: str) -> list[tuple[str, ...]]:
        rows = walk.listed(f"role assignment list --names {options}", ASSIGNMENT)
        whole = [tuple(str(row[name]).removesuffix("@Default") for name in row) for row in rows]
        return sorted(tuple(part for part in row if part) for row in whole)

    by_gang = ("member", "gang", "dock", "False")
    on_system, from_domain = ("reader", "fay", "all", "False"), ("manager", "fay", "Default", "True")
    assert seen("--user fay") == sorted([on_system, from_domain])
    assert seen("--group gang") == [by_gang]
    assert seen("--project dock") == [by_gang]
    assert seen("--system all --user fay") == [on_system]
    assert seen("--system all --user admin") == [("admin", "admin", "all", "False")]
    assert seen("--domain default --user fay") == [from_domain]
    assert seen("--inherited") == [from_domain]
    assert seen("--domain default --inherited") == [from_domain]
    assert seen("--role member") == [by_gang]
    assert {row[0] for row in seen("--effective --project dock --user fay")} == {"manager", "member", "reader"}
    assert seen("--effective --system all --user fay") == [on_system]
    assert seen("--auth-user --project admin") == [("admin", "admin", "admin", "False")]
    assert ("admin", "admin", "admin", "False") in seen("--auth-project")
    plain = walk.listed("role assignment list --group gang", ASSIGNMENT)[0]
    assert plain["Group"] == walk.json("group show gang")["id"]
    assert plain["Project"] == walk.json("project show dock")["id"]
    walk.does("project delete dock", "user delete fay", "group delete gang")


@walks("token", "issue, revoke")
def test_tokens(cloud: RunningCloud, walk: Walk) -> None:
    issued = walk.shown("token issue", TOKEN)
    assert issued["project_id"] == walk.json("project show admin")["id"]
    unscoped = {name: text for name, text in variables(cloud).items() if not name.startswith("OS_PROJECT")}
    on_domain = walk.by(OpenStackCli.sourced({**unscoped, "OS_DOMAIN_NAME": "Default"}))
    walk.does("role add --domain default --user admin admin")
    assert on_domain.shown("token issue", "domain_id, expires, id, user_id")["domain_id"] == "default"
    on_system = walk.by(OpenStackCli.sourced({**unscoped, "OS_SYSTEM_SCOPE": "all"}))
    assert on_system.shown("token issue", "expires, id, system, user_id")["system"] == "all"
    walk.by(OpenStackCli.sourced(unscoped)).shown("token issue", "expires, id, user_id")
    holder = Client(cloud, issued["id"])
    assert holder.get("identity", "/v3/auth/projects").status_code == 200
    walk.does(f"token revoke {issued['id']}")
    assert holder.get("identity", "/v3/auth/projects").status_code == 401
    walk.does("role remove --domain default --user admin admin")


@walks("application credential", "create, delete, list, show")
@walks("access rule", "delete, list, show")
def test_application_credentials_and_their_access_rules(cloud: RunningCloud, walk: Walk) -> None:
    rule = {"service": "identity", "method": "GET", "path": "/v3/auth/projects"}
    options = f"--role member --role reader --description Robot --expiration {NEVER} --restricted"
    made = walk.shown(
        f"application credential create {options} --access-rules '{json.dumps([rule])}' robot", f"{APPLICATION}, Secret"
    )
    assert (made["Name"], made["Description"], made["Unrestricted"]) == ("robot", "Robot", False)
    assert made["Expires At"] == f"{NEVER}.000000"
    assert {role["name"] for role in made["Roles"]} == {"member", "reader"}
    chosen = walk.shown("application credential create --secret chosen --unrestricted free", f"{APPLICATION}, Secret")
    assert (chosen["Secret"], chosen["Unrestricted"], chosen["Expires At"]) == ("chosen", True, None)
    login = {
        "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": chosen["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": "chosen",
    }
    assert walk.by(OpenStackCli.sourced(login)).shown("token issue", TOKEN)["project_id"] == made["Project ID"]
    assert [one["Name"] for one in walk.listed("application credential list", APPLICATION)] == ["free", "robot"]
    assert walk.names("application credential list --user admin --user-domain default") == ["free", "robot"]
    shown = walk.shown("application credential show robot", APPLICATION)
    assert walk.shown(f"application credential show {made['ID']}", APPLICATION) == shown
    assert {**shown, "Secret": made["Secret"]} == made
    (listed,) = walk.listed("access rule list", "ID, Service, Method, Path")
    expected = {"ID": listed["ID"], "Service": "identity", "Method": "GET", "Path": "/v3/auth/projects"}
    assert listed == expected
    assert walk.shown(f"access rule show {listed['ID']}", "ID, Method, Path, Service") == expected
    walk.refused(f"access rule delete {listed['ID']}", "1 of 1 access rules failed to delete.")
    walk.does("application credential delete robot free", f"access rule delete {listed['ID']}")
    assert walk.json("access rule list") == []
    assert walk.json("application credential list") == []


@walks("credential", "create, delete, list, set, show")
def test_credentials(walk: Walk) -> None:
    made = walk.shown("credential create --type totp --project admin admin ORSXG5A=", CREDENTIAL)
    assert (made["blob"], made["type"]) == ("ORSXG5A=", "totp")
    columns = "ID, Type, User ID, Data, Project ID"
    for options in ("", "--user admin", "--type totp", "--user admin --type totp"):
        assert [one["ID"] for one in walk.listed(f"credential list {options}", columns)] == [made["id"]], options
    assert walk.ids("credential list --type cert") == []
    # The client asks for a user and has an option for a project, but sends neither.
    walk.does(f"credential set --user admin --type cert --data words --project service {made['id']}")
    changed = walk.shown(f"credential show {made['id']}", CREDENTIAL)
    assert changed == {**made, "blob": "words", "type": "cert"}
    walk.does(f"credential delete {made['id']}")
    walk.refused(f"credential show {made['id']}", made["id"])


@walks("ec2 credentials", "create, delete, list, show")
def test_ec2_credentials(walk: Walk) -> None:
    own = walk.shown("ec2 credentials create", EC2)
    admin = walk.json("project show admin")["id"]
    assert (own["project_id"], own["trust_id"]) == (admin, None)
    user = walk.json("user create gil")
    walk.does("role add --project service --user gil member")
    options = "--user gil --user-domain default"
    others = walk.shown(f"ec2 credentials create --project service --project-domain default {options}", EC2)
    assert others["user_id"] == user["id"]
    columns = "Access, Secret, Project ID, User ID"
    (listed,) = walk.listed("ec2 credentials list", columns)
    assert listed == {
        "Access": own["access"],
        "Secret": own["secret"],
        "Project ID": own["project_id"],
        "User ID": own["user_id"],
    }
    assert [one["Access"] for one in walk.listed(f"ec2 credentials list {options}", columns)] == [others["access"]]
    assert walk.shown(f"ec2 credentials show {own['access']}", EC2) == own
    assert walk.shown(f"ec2 credentials show {options} {others['access']}", EC2) == others
    walk.does(f"ec2 credentials delete {own['access']}", f"ec2 credentials delete {options} {others['access']}")
    assert walk.json("ec2 credentials list") == []
    walk.does("user delete gil")


@walks("trust", "create, delete, list, show")
def test_trusts(walk: Walk) -> None:
    trustee = walk.json("user create hal")["id"]
    options = f"--project admin --role admin --role reader --impersonate --expiration {NEVER}"
    made = walk.shown(f"trust create {options} --trustor-domain default --trustee-domain default admin hal", TRUST)
    assert (made["is_impersonation"], made["trustee_user_id"]) == (True, trustee)
    assert made["expires_at"].startswith(NEVER)
    assert {role["name"] for role in made["roles"]} == {"admin", "reader"}
    columns = "ID, Expires At, Impersonation, Project ID, Trustee User ID, Trustor User ID"
    for filters in ("", "--trustor admin --trustor-domain default", "--trustee hal", "--auth-user"):
        (listed,) = walk.listed(f"trust list {filters}", columns)
        assert (listed["ID"], listed["Trustee User ID"]) == (made["id"], trustee), filters
    assert walk.shown(f"trust show {made['id']}", TRUST) == made
    walk.does(f"trust delete {made['id']}")
    walk.refused(f"trust show {made['id']}", made["id"])
    walk.does("user delete hal")
