"""What calls upon the image service are made on: a project's images and namespaces, and who calls."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from secrets import token_hex
from typing import Any, NamedTuple

import msgspec
from tests.laws.matrix.personas import Logins, Persona
from tests.laws.matrix.scene import Answer
from tests.services.identity.people import make
from tests.support.cloud import RunningCloud

IMAGE_VISIBILITIES = ("private", "shared", "community", "public")
NAMESPACE_VISIBILITIES = ("private", "public")
IN_PROJECTS = ("admin", "member", "reader", "service", "bystander")
ROLES = {
    "the project": (*IN_PROJECTS, "manager"),
    "a member project": IN_PROJECTS,
    "another project": IN_PROJECTS,
    "the system": ("admin", "reader", "service"),
    "the domain": ("admin", "manager", "member"),
}
JSON = "application/json"
PATCH = "application/openstack-images-v2.1-json-patch"
BYTES = "application/octet-stream"
# Nothing listens there.
NOWHERE = "http://127.0.0.1:9/none"


class Made(msgspec.Struct):
    """One call: what stands in its path, what goes with it, and the target that Glance's rule would see."""

    ids: dict[str, str] = {}
    body: Any = None
    target: Mapping[str, Any] = {}
    query: str = ""
    media_type: str = JSON


class Case(NamedTuple):
    """How to call what a rule protects, on something of this kind.

    `also`: further rules that the same call asks. `later`: statuses, or parts of a sentence, with which a call may end
    that the rules allow. `spends`: each call that is allowed needs a new thing to be made upon.
    """

    make: Callable[["ImageScene"], Made]
    variant: str = ""
    kind: str = ""
    also: tuple[str, ...] = ()
    later: tuple[int | str, ...] = ()
    spends: bool = False


class ImageScene:
    """A cloud's image service with everybody logged in."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.connection = http.client.HTTPConnection(cloud.url("image").removeprefix("http://"), timeout=60)
        admin = cloud.login()
        self.token = admin.token
        self.home, self.member, self.other = (str(make(admin, "project")["id"]) for _ in range(3))
        make(admin, "role", name="bystander")
        domain_of = dict.fromkeys((self.home, self.member, self.other), "default")
        self.logins = Logins(cloud, admin, self.scopes(), domain_of)
        self.personas = list(self.everybody())

    def scopes(self) -> dict[str, str]:
        """Where roles are given, by what the tests call it."""
        projects = zip(ROLES, (self.home, self.member, self.other), strict=False)
        return {
            **{name: f"projects/{own_id}" for name, own_id in projects},
            "the system": "system",
            "the domain": "domains/default",
        }

    def everybody(self) -> Iterator[Persona]:
        user = make(self.logins.admin, "user")
        yield self.logins.unscoped("someone without a scope", user)
        for role in (*IN_PROJECTS, "manager"):
            user = make(self.logins.admin, "user")
            scopes = [scope for scope, roles in ROLES.items() if role in roles]
            yield from (self.logins.persona(f"{role} of {scope}", user, role, scope) for scope in scopes)

    def call(self, method: str, path: str, token: str, made: Made) -> Answer:
        """One call over a connection that stays: thousands of them are made."""
        body = made.body
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": made.media_type, **({"X-Auth-Token": token} if token else {})}
        self.connection.request(method, path + made.query, content, sent)
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.read().decode())

    def must(self, method: str, path: str, body: Any = None, media_type: str = JSON) -> Any:
        """What the administrator gets for a call that must succeed."""
        answer = self.call(method, path, self.token, Made(body=body, media_type=media_type))
        assert answer.status < 300, f"{method} {path}: {answer.text}"
        return json.loads(answer.text) if answer.text else None

    def image(self, visibility: str, *, active: bool = False) -> str:
        """A new image of the project's; a shared one has a member that has not answered."""
        wanted = {"disk_format": "raw", "container_format": "bare", "owner": self.home, "visibility": visibility}
        image_id = str(self.must("POST", "/v2/images", {**wanted, "tags": ["old"]})["id"])
        if active:
            self.must("PUT", f"/v2/images/{image_id}/file", b"bytes", BYTES)
        if visibility == "shared":
            self.must("POST", f"/v2/images/{image_id}/members", {"member": self.member})
        return image_id

    def image_seen(self, visibility: str) -> Mapping[str, Any]:
        """An image as Glance's rules and its database see it."""
        members = [self.member] if visibility == "shared" else []
        return {"project_id": self.home, "owner": self.home, "visibility": visibility, "members": members}

    def namespace(self, visibility: str) -> str:
        """A new namespace of the project's, with one of each thing in it, called `a`."""
        own, held = named("namespace"), {"name": "a", "title": "A", "type": "string"}
        body = {"namespace": own, "visibility": visibility, "owner": self.home}
        things = {"properties": {"a": held}, "objects": [{"name": "a"}], "tags": [{"name": "a"}]}
        self.must("POST", "/v2/metadefs/namespaces", {**body, **things})
        self.must("POST", f"/v2/metadefs/namespaces/{own}/resource_types", {"name": "a"})
        return own

    def namespace_seen(self, visibility: str) -> Mapping[str, Any]:
        return {"project_id": self.home, "visibility": visibility}

    def seen_by(self, persona: Persona, made: Made) -> Mapping[str, Any]:
        """The target as a rule sees it: what has no owner yet will be the caller's."""
        own, target = persona.credentials["project_id"], dict(made.target)
        if "members" in target:
            is_found = target["visibility"] == "shared" and own != target["project_id"]
            target["member_id"] = own if is_found else None
        return {"project_id": own, "owner": own, **target}


def named(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{token_hex(6)}"
