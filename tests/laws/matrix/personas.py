"""Who calls: each role in each scope, the owner of what is called upon, and nobody."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from tests.services.identity.people import grant, login, make
from tests.support.cloud import Client, RunningCloud

# What the roles that a new cloud has imply; `bystander` is a role that no rule knows.
IMPLIED = {
    "admin": ("admin", "manager", "member", "reader"),
    "manager": ("manager", "member", "reader"),
    "member": ("member", "reader"),
    "reader": ("reader",),
    "service": ("service",),
    "bystander": ("bystander",),
}


class Place(msgspec.Struct):
    """A domain with a project and people in it; the visitor, and a group of them, have roles in the other one."""

    domain_id: str
    project_id: str
    group_id: str
    owner: dict[str, Any]
    guest: dict[str, Any]
    visitor: dict[str, Any]
    visitors_id: str

    @property
    def ids(self) -> set[str]:
        """What nobody of another domain may see in a list."""
        return {self.domain_id, self.project_id, self.group_id, self.owner["id"], self.guest["id"]}


class Persona(NamedTuple):
    """One token, and the credentials that it stands for in Keystone's eyes."""

    name: str
    token: str
    credentials: dict[str, Any]

    @property
    def user_id(self) -> str:
        return str(self.credentials["user_id"])

    @property
    def domain_id(self) -> str | None:
        found: str | None = self.credentials["domain_id"]
        return found


def place(admin: Client) -> Place:
    domain_id = make(admin, "domain")["id"]
    project_id = make(admin, "project", domain_id=domain_id)["id"]
    group_id, visitors_id = (make(admin, "group", domain_id=domain_id)["id"] for _ in range(2))
    owner, guest, visitor = (make(admin, "user", domain_id=domain_id) for _ in range(3))
    return Place(domain_id, project_id, group_id, owner, guest, visitor, visitors_id)


def scopes(home: Place, away: Place) -> dict[str, str]:
    """Where roles are given, by what the tests call it."""
    return {
        "the system": "system",
        "the domain": f"domains/{home.domain_id}",
        "another domain": f"domains/{away.domain_id}",
        "the project": f"projects/{home.project_id}",
        "another domain's project": f"projects/{away.project_id}",
    }


class Logins:
    """Logs people in, each once for every scope; `scopes` say where roles are given, `domain_of` where projects are."""

    def __init__(
        self, cloud: RunningCloud, admin: Client, scopes: Mapping[str, str], domain_of: Mapping[str, str]
    ) -> None:
        self.cloud, self.admin, self.scopes, self.domain_of = cloud, admin, scopes, domain_of

    def persona(self, name: str, user: dict[str, Any], role: str, scope: str) -> Persona:
        where = self.scopes[scope]
        grant(self.admin, user, role, where)
        kind, _, own_id = where.partition("/")
        wanted = {"system": {"all": True}} if kind == "system" else {kind.removesuffix("s"): {"id": own_id}}
        token = login(self.cloud, user, wanted).token
        return Persona(name, token, self.credentials(user, IMPLIED[role], kind, own_id))

    def unscoped(self, name: str, user: dict[str, Any]) -> Persona:
        return Persona(name, login(self.cloud, user).token, self.credentials(user, (), "", ""))

    def credentials(self, user: dict[str, Any], roles: tuple[str, ...], kind: str, own_id: str) -> dict[str, Any]:
        token: dict[str, Any] = {"user": {"id": user["id"], "domain": {"id": user["domain_id"]}}}
        if kind == "domains":
            token["domain"] = {"id": own_id}
        if kind == "projects":
            token["project"] = {"id": own_id, "domain": {"id": self.domain_of[own_id]}}
        return {
            "user_id": user["id"],
            "user_domain_id": user["domain_id"],
            "system_scope": "all" if kind == "system" else None,
            "domain_id": own_id if kind == "domains" else None,
            "project_id": own_id if kind == "projects" else None,
            "project_domain_id": self.domain_of.get(own_id),
            "roles": roles,
            "is_admin": False,
            "is_admin_project": True,
            "token": token,
        }


class Cast(Logins):
    """Who calls upon identity."""

    def __init__(self, cloud: RunningCloud, admin: Client, home: Place, away: Place) -> None:
        domain_of = {home.project_id: home.domain_id, away.project_id: away.domain_id}
        super().__init__(cloud, admin, scopes(home, away), domain_of)
        self.home = home
        self.trustee = make(admin, "user", domain_id=home.domain_id)

    def everybody(self) -> Iterator[Persona]:
        for role in IMPLIED:
            # In a domain of neither place, so that lists of either show none of them.
            user = make(self.admin, "user")
            yield from (self.persona(f"{role} of {name}", user, role, name) for name in self.scopes)
        yield self.unscoped("someone without a scope", user)
        for role, name in (("member", "the project"), ("bystander", "the domain"), ("bystander", "the system")):
            yield self.persona(f"the owner, {role} of {name}", self.home.owner, role, name)
        yield self.unscoped("the owner without a scope", self.home.owner)
        yield self.persona("the trustee", self.trustee, "reader", "the project")
