from sqlalchemy import bindparam, delete, select, update

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.services.image.transfers.models import CANCELLED, UNFINISHED, Transfer, transfers

BY_ID = by(Transfer, transfers, "id")
OF_OPERATION = Query(
    Transfer,
    columns_of(Transfer, transfers)
    .where(transfers.c.operation_id == bindparam("operation_id"))
    .order_by(transfers.c.id),
)
DUE = (
    select(transfers.c.id)
    .where(
        transfers.c.state.in_(UNFINISHED),
        transfers.c.lease_until < bindparam("moment"),
        among(transfers.c.kind, "kinds"),
    )
    .order_by(transfers.c.id)
    .limit(1)
)
CANCEL = (
    update(transfers)
    .where(transfers.c.operation_id == bindparam("of_operation"), transfers.c.state.in_(UNFINISHED))
    .values(state=CANCELLED)
)
TAKE_OVER = update(transfers).where(transfers.c.state.in_(UNFINISHED)).values(lease_until=bindparam("epoch_start"))
FORGET = delete(transfers).where(transfers.c.operation_id == bindparam("of_operation"))
