"""What the calls are made upon: two domains and all that stands in them, made anew where a call has taken it away."""

import http.client
import json
from collections.abc import Callable, Iterable, Mapping
from secrets import token_hex
from typing import Any, NamedTuple

import msgspec
from tests.laws.matrix.personas import Cast, Persona, place
from tests.services.identity.people import login, make
from tests.support.cloud import Client, RunningCloud
from tests.surface import DefaultRule

Target = Mapping[str, Any]


class Answer(NamedTuple):
    """What came back for one call."""

    status: int
    text: str


class Made(msgspec.Struct):
    """One call: what stands in its path, what goes with it, and the target that Keystone's rule would see.

    In `ids`, SELF stands for the caller's own user. `taken` is what Keystone takes in place of what the path says.
    """

    ids: dict[str, str] = {}
    body: Any = None
    target: Target | Callable[[Persona], Target] = {}
    query: str = ""
    headers: dict[str, str] = {}
    taken: dict[str, str] = {}

    def seen_by(self, persona: Persona) -> Target:
        """The target as a rule sees it, with what stands in the path beside it."""
        found = self.target(persona) if callable(self.target) else self.target
        return {**self.path_ids(persona), **self.taken, "target": found}

    def path_ids(self, persona: Persona) -> dict[str, str]:
        return {name: persona.user_id if own_id == SELF else own_id for name, own_id in self.ids.items()}


SELF = "the caller's own"


class Case(NamedTuple):
    """How to call what a rule protects.

    `later`: further statuses with which a call that the rule allows may end, since what it is upon isn't there or is no
    use. `unseen`: the ids that a list leaves out for somebody in place of a refusal.
    """

    make: Callable[["Scene", DefaultRule], Made]
    variant: str = ""
    later: tuple[int, ...] = ()
    unseen: Callable[["Scene", Persona], Iterable[str]] = lambda scene, persona: ()


class Scene:
    """The cloud's identity service with everybody logged in."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.connection = http.client.HTTPConnection(cloud.url("identity").removeprefix("http://"), timeout=60)
        client = cloud.login()
        self.token = client.token
        self.home, self.away = place(client), place(client)
        make(client, "role", name="bystander")
        known: list[dict[str, Any]] = client.get("identity", "/v3/roles").json()["roles"]
        self.roles = {str(role["name"]): role for role in known}
        self.home_role = make(client, "role", domain_id=self.home.domain_id)
        self.away_role = make(client, "role", domain_id=self.away.domain_id)
        cast = Cast(cloud, client, self.home, self.away)
        self.trustee = cast.trustee
        self.personas = list(cast.everybody())
        self.owner = next(persona for persona in self.personas if persona.name == "the owner, member of the project")
        self.kept: dict[Any, Any] = {}

    def call(self, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> Answer:
        """One call over a connection that stays: thousands of them are made."""
        sent = {"X-Auth-Token": token, **headers} if token else headers
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, {**sent, "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.read().decode())

    def must(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """What the administrator, or who else is named, gets for a call that must succeed."""
        answer = self.call(method, path, token or self.token, body)
        assert answer.status < 300, f"{method} {path}: {answer.text}"
        return json.loads(answer.text) if answer.text else None

    def new(self, kind: str, *, path: str = "", token: str = "", **fields: Any) -> dict[str, Any]:
        """A new thing; its body's word is its kind."""
        found: dict[str, Any] = self.must("POST", path or f"/v3/{kind}s", {kind: fields}, token)[kind]
        return found

    def once(self, make: Callable[["Scene"], Any]) -> Any:
        """What only one of is needed by however many calls."""
        if make not in self.kept:
            self.kept[make] = make(self)
        return self.kept[make]

    def new_token(self) -> str:
        """Another token of the owner's."""
        return login(self.cloud, self.home.owner, {"project": {"id": self.home.project_id}}).token

    @property
    def reader(self) -> dict[str, Any]:
        return self.roles["reader"]

    @property
    def client(self) -> Client:
        return Client(self.cloud, self.token)


def outside(scene: Scene, *domain_ids: str | None) -> set[str]:
    """What stands in none of these domains."""
    places = [place for place in (scene.home, scene.away) if place.domain_id not in domain_ids]
    return {own_id for place in places for own_id in place.ids}


def named(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{token_hex(6)}"


def user_seen(user: Mapping[str, Any]) -> Target:
    return {"id": user["id"], "domain_id": user["domain_id"]}
