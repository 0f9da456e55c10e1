from datetime import timedelta

from sqlalchemy import bindparam, delete

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, by
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.kernel.operations import Fault, Work
from haneul.services.block_storage.lists import Kind
from haneul.services.block_storage.messages.events import event_of
from haneul.services.block_storage.messages.models import Message, messages

KEPT = timedelta(days=30)
VOLUME, SNAPSHOT, BACKUP = "VOLUME", "VOLUME_SNAPSHOT", "VOLUME_BACKUP"
MISSING = "Message {id} could not be found."
BY_ID = by(Message, messages, "id")
FORGET = delete(messages).where(messages.c.expires_at < bindparam("moment"))
FILTERS = {
    name: messages.c[name]
    for name in ("id", "project_id", "request_id", "resource_type", "resource_uuid", "event_id", "message_level")
}
OFFERED = ("resource_uuid", "resource_type", "event_id", "request_id", "message_level")
LISTING = Listing(
    Message,
    messages,
    filters=FILTERS,
    sorts={
        **FILTERS,
        "created_at": messages.c.created_at,
        "expires_at": messages.c.expires_at,
        "guaranteed_until": messages.c.expires_at,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("project_id",),
)
KIND = Kind(listing=LISTING, missing=MISSING, offered=frozenset(OFFERED))


def note(work: Work, fault: Fault, resource_type: str = VOLUME, resource_id: str = "") -> None:
    """Tell the project why an operation on its volume, snapshot or backup failed, if Cinder has words for it."""
    db = work.db
    event = event_of(work.operation, fault)
    if event is None or not work.project_id:
        return
    action, detail = event
    moment = now()
    db.run(FORGET, moment=moment)
    db.insert(
        messages,
        Message(
            id=new_uuid(),
            project_id=work.project_id,
            request_id=work.request_id,
            resource_type=resource_type,
            resource_uuid=resource_id or work.resource_id,
            action=action,
            detail=detail,
            event_id=f"VOLUME_{resource_type}_{action}_{detail}",
            message_level="ERROR",
            expires_at=moment + KEPT,
            created_at=moment,
        ),
    )


def get_visible(db: Db, message_id: str, caller: Caller) -> Message:
    """The message if it is of the caller's project or he is an admin, else NotFound."""
    message = db.one(BY_ID, id=message_id) if is_uuid_like(message_id) else None
    if message is None or ("admin" not in caller.roles and message.project_id != caller.project_id):
        raise NotFound(MISSING, id=message_id)
    return message


def forget(db: Db, message: Message) -> None:
    db.delete(messages, id=message.id)
