"""One request as handlers see it."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from haneul.kernel import log
from haneul.kernel.auth import ANONYMOUS, Caller, Origin
from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import Forbidden
from haneul.kernel.http.conditions import refuse_stale
from haneul.kernel.http.pages import page_of
from haneul.kernel.http.versions import NEWEST, Version
from haneul.kernel.policy import Explanation, Policy, Rule

if TYPE_CHECKING:
    from haneul.kernel.http.routes import Route
    from haneul.kernel.service import Service

T = TypeVar("T")


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """The request's HTTP side. `base_url` is where the client sees this service, without a last slash. `is_former`: the
    client came by the API's former base and knows no microversions. `project_id` is the one that the address names."""

    method: str
    path: str
    base_url: str
    headers: Mapping[str, str]
    parameters: Mapping[str, list[str]]
    remote: str
    request_id: str
    global_request_id: str | None = None
    is_former: bool = False
    project_id: str = ""


class Call:
    """The caller, the chosen version, the open transaction and the rule of one request."""

    __slots__ = (
        "_chunks",
        "_db",
        "_submit",
        "_waits",
        "ask",
        "caller",
        "enforced",
        "policy",
        "raw_body",
        "route",
        "service",
        "version",
    )

    def __init__(self, service: "Service", policy: Policy, ask: Ask) -> None:
        self.service, self.policy, self.ask = service, policy, ask
        self.caller: Caller = ANONYMOUS
        self.version: Version = NEWEST
        self.route: Route
        self.enforced = False
        self.raw_body = b""
        self._db: Db | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._submit: Callable[[Callable[[Db], Any], bool], Any] | None = None
        self._waits: Callable[[Callable[[], Any]], Any] | None = None

    @property
    def db(self) -> Db:
        """The request's transaction. A route that declares `none` has none and asks `transaction` for one."""
        if self._db is None:
            raise RuntimeError("This route declares no transaction.")
        return self._db

    @property
    def request_id(self) -> str:
        return self.ask.request_id

    @property
    def origin(self) -> Origin:
        """Who asks, for what the transaction leaves behind."""
        ask = self.ask
        return Origin(
            caller=self.caller,
            request_id=ask.request_id,
            global_request_id=ask.global_request_id,
            remote=ask.remote,
            agent=ask.headers.get("user-agent", ""),
        )

    def enforce(self, target: object = None, *, rule: Rule | None = None, **named: object) -> None:
        """Forbidden unless the route's rule (or this one) lets the caller do it to the target."""
        self.enforced = True
        name = (rule or self.route.rule).name
        try:
            self.policy.enforce(name, self.caller, target, **named)
        except Forbidden:
            self._note_refusal(self.policy.explain(name, self.caller, target, **named))
            raise

    def _note_refusal(self, explained: Explanation) -> None:
        """For `haneul why`: only here is the target known that the rule was asked about."""
        log.event(
            "refused",
            request_id=self.request_id,
            rule=explained.rule,
            explanation=explained.sentence,
            sufficient_roles=explained.sufficient_roles,
            roles=sorted(self.caller.roles),
            user_id=self.caller.user_id,
            project_id=self.caller.project_id,
        )

    def allows(self, rule: Rule, target: object = None, **named: object) -> bool:
        """Whether a further rule holds, for fields and filters that depend on one."""
        return self.policy.allows(rule.name, self.caller, target, **named)

    def page(self) -> Page:
        return page_of(self.ask.parameters, most=self.service.page_most)

    def url(self, path: str) -> str:
        """The absolute URL of a path of this service, as this client reaches it."""
        return self.ask.base_url + path

    def header(self, name: str, default: str = "") -> str:
        return self.ask.headers.get(name.lower(), default)

    def refuse_stale(self, *, revision: int | None = None, tag: str = "") -> None:
        """PreconditionFailed if the request is meant for another state of the resource than this one."""
        refuse_stale(self.header("If-Match"), revision=revision, tag=tag)

    def at_least(self, number: str) -> bool:
        """Whether the client speaks this microversion or a newer one; for named capabilities only."""
        major, minor = number.split(".")
        return self.version >= (int(major), int(minor))

    async def transaction(self, body: Callable[[Db], T], *, writes: bool) -> T:
        """Run a body in a transaction of its own, for routes that stream."""
        assert self._submit is not None

        def within(db: Db) -> T:
            log.request_id.set(self.request_id)
            db.origin = self.origin
            return body(db)

        result: T = await self._submit(within, writes)
        return result

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run something that waits (a file, a host) off the event loop."""
        assert self._waits is not None
        result: T = await self._waits(function)
        return result

    def chunks(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives, for routes with `body_limit=0`."""
        assert self._chunks is not None
        return self._chunks
