import asyncio
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, UnsetType
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects.models import DEFAULT_DOMAIN
from haneul.services.identity.users import logic, search
from haneul.services.identity.users.hashing import submit_hashing
from haneul.services.identity.users.lockout import as_seen
from haneul.services.identity.users.models import User
from haneul.services.identity.users.password_rules import refuse_bad_pattern, refuse_weak
from haneul.services.identity.users.schemas import UserCreate, UserFilters, UserUpdate, UserView

READER = (
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
)
MANAGER = "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)"
GET = Rule("identity:get_user", READER, "Show a user.")
LIST = Rule(
    "identity:list_users",
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)",
    "List users.",
)
CREATE = Rule("identity:create_user", MANAGER, "Create a user.")
UPDATE = Rule("identity:update_user", MANAGER, "Change a user.")
DELETE = Rule("identity:delete_user", MANAGER, "Delete a user.")

View = UserView | dict[str, Any]


def view(call: Call, user: User) -> View:
    return with_extras(UserView.of(user, call.url("/v3/users")), user.extra)


def allowed(call: Call, user: User | None, user_id: str) -> User:
    """The user, once the route's rule allows it; who may not see users doesn't learn who there is."""
    call.enforce(user=user or {})
    return logic.existing(user, user_id)


def routes_with(parts: Parts) -> Routes:
    """Identity's user routes. Passwords are hashed outside of transactions: each takes as long as a hundred writes."""
    routes = Routes()
    bcrypt_cost, compliance = parts.settings.bcrypt_cost, parts.compliance
    refuse_bad_pattern(compliance)

    @routes.get("/v3/users", rule=LIST, wraps="users")
    def list_users(call: Call, query: UserFilters) -> Listed[View]:
        call.enforce(domain_id=call.caller.domain_id)
        page, moment = call.page(), now()
        asked = search.Asked(query, call.ask.parameters, within=call.caller.domain_id)
        found = search.list_(call.db, page, asked)
        return listed(page, found, lambda user: view(call, as_seen(user, compliance, moment)), lambda user: user.id)

    @routes.post("/v3/users", rule=CREATE, wraps="user", transaction="none")
    async def create_user(call: Call, body: UserCreate) -> View:
        call.enforce(user={"domain_id": body.domain_id})
        domain_id = body.domain_id or call.caller.domain_id or DEFAULT_DOMAIN
        kept, extra = await _hashed(body.password), _extra(call, body)

        def create(db: Db) -> User:
            return logic.create(db, body, domain_id=domain_id, password_hash=kept, extra=extra, compliance=compliance)

        return view(call, await call.transaction(create, writes=True))

    @routes.get("/v3/users/{user_id}", rule=GET, wraps="user", quick=True)
    def get_user(call: Call, user_id: str) -> View:
        return view(call, as_seen(allowed(call, logic.find(call.db, user_id), user_id), compliance, now()))

    @routes.patch("/v3/users/{user_id}", rule=UPDATE, wraps="user", transaction="none")
    async def update_user(call: Call, user_id: str, body: UserUpdate) -> View:
        allowed(call, await call.transaction(lambda db: logic.find(db, user_id), writes=False), user_id)
        extra = _extra(call, body, own_id=user_id)
        if body == UserUpdate() and not extra and msgspec.json.decode(call.raw_body) == {"user": {}}:
            raise BadRequest(
                "Invalid input for field/attribute user: {given} does not have enough properties.", given="{}"
            )
        kept = await _hashed(body.password)
        user = await call.transaction(
            lambda db: logic.update(db, user_id, body, password_hash=kept, extra=extra, compliance=compliance),
            writes=True,
        )
        return view(call, as_seen(user, compliance, now()))

    @routes.delete("/v3/users/{user_id}", rule=DELETE)
    def delete_user(call: Call, user_id: str) -> None:
        logic.delete(call.db, allowed(call, logic.find(call.db, user_id), user_id))

    async def _hashed(password: str | None | UnsetType) -> str | None:
        """What an administrator chooses for a user; BadRequest for what is too weak."""
        if isinstance(password, UnsetType):
            return None
        refuse_weak(password, compliance)
        if password is None:
            return None
        return await asyncio.wrap_future(submit_hashing(password, bcrypt_cost))

    return routes


def _extra(call: Call, body: UserCreate | UserUpdate, *, own_id: str = "") -> dict[str, Any]:
    """The body's further attributes; a description is none of a user's own, but has a type."""
    found = extras(call, body, own_id=own_id)
    return found if body.description is UNSET else {**found, "description": body.description}
