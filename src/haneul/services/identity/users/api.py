import asyncio
from typing import Any

from haneul.kernel.errors import Unauthorized
from haneul.kernel.http import PUBLIC, Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.filters import booleans
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects.models import DEFAULT_DOMAIN
from haneul.services.identity.users import logic
from haneul.services.identity.users.hashing import submit_check, submit_hashing
from haneul.services.identity.users.models import User
from haneul.services.identity.users.schemas import PasswordChange, UserCreate, UserFilters, UserUpdate, UserView

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
REFUSED = "The request you have made requires authentication."

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
    bcrypt_cost = parts.settings.bcrypt_cost

    @routes.get("/v3/users", rule=LIST, wraps="users")
    def list_users(call: Call, query: UserFilters) -> Listed[View]:
        call.enforce(domain_id=call.caller.domain_id)
        page = call.page()
        found = logic.list_(call.db, page, booleans(query, "enabled"), within=call.caller.domain_id)
        return listed(page, found, lambda user: view(call, user), lambda user: user.id)

    @routes.post("/v3/users", rule=CREATE, wraps="user", transaction="none")
    async def create_user(call: Call, body: UserCreate) -> View:
        call.enforce(user={"domain_id": body.domain_id})
        domain_id = body.domain_id or call.caller.domain_id or DEFAULT_DOMAIN
        kept, extra = await _hashed(body.password), extras(call, body)
        user = await call.transaction(
            lambda db: logic.create(db, body, domain_id=domain_id, password_hash=kept, extra=extra), writes=True
        )
        return view(call, user)

    @routes.get("/v3/users/{user_id}", rule=GET, wraps="user", quick=True)
    def get_user(call: Call, user_id: str) -> View:
        return view(call, allowed(call, logic.find(call.db, user_id), user_id))

    @routes.patch("/v3/users/{user_id}", rule=UPDATE, wraps="user", transaction="none")
    async def update_user(call: Call, user_id: str, body: UserUpdate) -> View:
        allowed(call, await call.transaction(lambda db: logic.find(db, user_id), writes=False), user_id)
        kept, extra = (
            await _hashed(body.password if isinstance(body.password, str) else None),
            extras(call, body, own_id=user_id),
        )
        user = await call.transaction(
            lambda db: logic.update(db, user_id, body, password_hash=kept, extra=extra), writes=True
        )
        return view(call, user)

    @routes.delete("/v3/users/{user_id}", rule=DELETE)
    def delete_user(call: Call, user_id: str) -> None:
        logic.delete(call.db, allowed(call, logic.find(call.db, user_id), user_id))

    @routes.post("/v3/users/{user_id}/password", rule=PUBLIC, body_wraps="user", status=204, transaction="none")
    async def change_password(call: Call, user_id: str, body: PasswordChange) -> None:
        claimed = await call.transaction(lambda db: logic.candidate(db, logic.find(db, user_id)), writes=False)
        fits = await asyncio.wrap_future(submit_check(body.original_password, claimed.hash, bcrypt_cost))
        if not fits or claimed.user is None or claimed.hash is None:
            raise Unauthorized(REFUSED)
        logic.refuse_locked_password(claimed.user)
        kept = await asyncio.wrap_future(submit_hashing(body.password, bcrypt_cost))
        proved = claimed.hash
        if not await call.transaction(
            lambda db: logic.change_password(db, user_id, kept, proved_hash=proved), writes=True
        ):
            raise Unauthorized(REFUSED)

    async def _hashed(password: str | None) -> str | None:
        if password is None:
            return None
        return await asyncio.wrap_future(submit_hashing(password, bcrypt_cost))

    return routes
