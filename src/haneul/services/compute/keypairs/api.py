import msgspec

from haneul.kernel.db import Db
from haneul.kernel.http import Call, Listed, Reply, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.compute.keypairs import logic
from haneul.services.compute.keypairs.material import Material
from haneul.services.compute.keypairs.schemas import (
    CreatedView,
    Item,
    KeypairCreate,
    KeypairQuery,
    KeypairView,
    OlderKeypairCreate,
    item_of,
)
from haneul.services.compute.quota_sets.logic import Owner, limits

routes = Routes()

ONES_OWN = "(rule:context_is_admin) or user_id:%(user_id)s"
LIST = Rule("os_compute_api:os-keypairs:index", ONES_OWN, "List a user's keypairs.")
CREATE = Rule("os_compute_api:os-keypairs:create", ONES_OWN, "Create or import a keypair.")
SHOW = Rule("os_compute_api:os-keypairs:show", ONES_OWN, "Show a keypair.")
DELETE = Rule("os_compute_api:os-keypairs:delete", ONES_OWN, "Delete a keypair.")


def _asked_user(call: Call, query: KeypairQuery) -> str:
    """Whose keys are meant: another user's only from 2.10."""
    return (query.user_id if call.at_least("2.10") else None) or call.caller.user_id


def _imported(key_type: str, public_key: str) -> Material:
    # Imported here, since X.509 takes a tenth of a start.
    from haneul.services.compute.keypairs.keys import imported

    return imported(key_type, public_key)


def _generated(key_type: str, user_id: str) -> Material:
    from haneul.services.compute.keypairs.keys import generated

    return generated(key_type, user_id)


async def _create(call: Call, owned: logic.Owned, material: Material) -> Reply[CreatedView]:
    def body(db: Db) -> CreatedView:
        limit = limits(db, Owner(call.caller.project_id or "", call.caller.user_id))["key_pairs"]
        return CreatedView.of(logic.create(db, owned, material, limit), material)

    return Reply(view=await call.transaction(body, writes=True), status=201 if call.at_least("2.2") else 200)


@routes.get("/v2.1/os-keypairs", rule=LIST, wraps="keypairs")
def list_keypairs(call: Call, query: KeypairQuery) -> Listed[Item]:
    user_id = _asked_user(call, query)
    call.enforce(user_id=user_id)
    page = msgspec.structs.replace(call.page(), sort=())
    if not call.at_least("2.35"):
        page = msgspec.structs.replace(page, limit=None, marker=None)
    return listed(page, logic.list_(call.db, page, user_id), item_of, lambda keypair: keypair.name)


@routes.post("/v2.1/os-keypairs", rule=CREATE, wraps="keypair", since="2.92", transaction="none")
async def import_keypair(call: Call, body: KeypairCreate) -> Reply[CreatedView]:
    owned = logic.Owned(body.user_id or call.caller.user_id, body.name)
    call.enforce(user_id=owned.user_id)
    return await _create(call, owned, _imported(body.type, body.public_key))


@routes.post("/v2.1/os-keypairs", rule=CREATE, wraps="keypair", until="2.91", transaction="none")
async def create_keypair(call: Call, body: OlderKeypairCreate) -> Reply[CreatedView]:
    owned = logic.Owned(body.user_id or call.caller.user_id, body.name)
    call.enforce(user_id=owned.user_id)
    key_type, public_key = body.type or "ssh", body.public_key
    if isinstance(public_key, str):
        return await _create(call, owned, _imported(key_type, public_key))
    return await _create(call, owned, await call.in_thread(lambda: _generated(key_type, owned.user_id)))


@routes.get("/v2.1/os-keypairs/{name}", rule=SHOW, wraps="keypair", quick=True)
def get_keypair(call: Call, name: str, query: KeypairQuery) -> KeypairView:
    user_id = _asked_user(call, query)
    call.enforce(user_id=user_id)
    return KeypairView.of(logic.get(call.db, user_id, name))


@routes.delete("/v2.1/os-keypairs/{name}", rule=DELETE)
def delete_keypair(call: Call, name: str, query: KeypairQuery) -> Reply[None]:
    user_id = _asked_user(call, query)
    call.enforce(user_id=user_id)
    logic.delete(call.db, user_id, name)
    return Reply(view=None, status=204 if call.at_least("2.2") else 202)
