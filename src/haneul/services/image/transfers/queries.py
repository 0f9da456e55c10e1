from sqlalchemy import bindparam, delete, func, select, update

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.services.image.images.models import images
from haneul.services.image.transfers.models import CANCELLED, RUNNING, UNFINISHED, Transfer, transfers

BY_ID = by(Transfer, transfers, "id")
OF_OPERATION = Query(
    Transfer,
    columns_of(Transfer, transfers)
    .where(transfers.c.operation_id == bindparam("operation_id"))
    .order_by(transfers.c.id),
)
_running, _theirs = transfers.alias("running"), images.alias("theirs")
_OF_ITS_PROJECT = (
    select(func.count())
    .select_from(_running.join(_theirs, _theirs.c.id == _running.c.image_id))
    .where(
        _running.c.state == RUNNING,
        _running.c.lease_until >= bindparam("moment"),
        among(_running.c.kind, "kinds"),
        _theirs.c.project_id == images.c.project_id,
    )
    .correlate(images)
    .scalar_subquery()
)
DUE = (
    select(transfers.c.id)
    .select_from(transfers.outerjoin(images, images.c.id == transfers.c.image_id))
    .where(
        transfers.c.state.in_(UNFINISHED),
        transfers.c.lease_until < bindparam("moment"),
        among(transfers.c.kind, "kinds"),
        bindparam("most_of_project") > _OF_ITS_PROJECT,
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
