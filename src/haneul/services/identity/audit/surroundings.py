"""What notifications name beside what their records hold: users, and the identity service itself."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.services.identity.audit.models import AuditRecord
from haneul.services.identity.services.models import services
from haneul.services.identity.users.models import users

NAMES = select(users.c.id, users.c.name).where(users.c.id.in_(bindparam("ids", expanding=True)))
OWN_ID = select(services.c.id).where(services.c.type == bindparam("type")).order_by(services.c.id).limit(1)


class Surroundings(msgspec.Struct, frozen=True):
    """The names of users who did something, by id, and identity's id in the catalog."""

    names: Mapping[str, str]
    service_id: str


def surroundings(db: Db, records: Sequence[AuditRecord]) -> Surroundings:
    """What notifications of these records need to know: two queries, however many they are."""
    ids = sorted({record.user_id for record in records if record.user_id})
    names = {row[0]: row[1] for row in db.tuples(NAMES, ids=ids)} if ids else {}
    return Surroundings(names, db.value(OWN_ID, type="identity") or "")
