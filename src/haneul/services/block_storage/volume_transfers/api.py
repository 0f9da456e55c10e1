"""Offers of volumes to other projects, under both of their addresses: the newer one came with 3.55."""

from typing import Any

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import MEMBER, READER
from haneul.services.block_storage.lists import Filters, filters_of, listed, rows_of
from haneul.services.block_storage.volume_transfers import logic
from haneul.services.block_storage.volume_transfers.models import Transfer
from haneul.services.block_storage.volume_transfers.queries import TRANSFERS
from haneul.services.block_storage.volume_transfers.schemas import (
    OfferedView,
    ShortTransferView,
    TransferAccept,
    TransferCreate,
    TransferCreateWithout,
    TransferView,
    offered_view,
    short_view,
    view,
)
from haneul.services.block_storage.volumes import logic as volumes
from haneul.services.block_storage.yes_no import truth

LIST = Rule("volume:get_all_transfers", READER, "List offers of volumes.")
CREATE = Rule("volume:create_transfer", MEMBER, "Offer a volume to another project.")
GET = Rule("volume:get_transfer", READER, "Show an offer of a volume.")
ACCEPT = Rule("volume:accept_transfer", MEMBER, "Take over a volume that is offered.")
DELETE = Rule("volume:delete_transfer", MEMBER, "Withdraw the offer of a volume.")


def links(call: Call, transfer_id: str) -> list[dict[str, str]]:
    project = f"/{call.ask.project_id}" if call.ask.project_id else ""
    return [
        {"rel": "self", "href": call.url(f"/v3{project}/os-volume-transfer/{transfer_id}")},
        {"rel": "bookmark", "href": call.url(f"{project}/os-volume-transfer/{transfer_id}")},
    ]


def _found(call: Call) -> tuple[Filters, list[Transfer]]:
    call.enforce({"project_id": call.caller.project_id})
    filters = filters_of(call, TRANSFERS)
    return filters, rows_of(call, TRANSFERS, filters)


def _offered(call: Call, body: TransferCreate, *, no_snapshots: bool) -> OfferedView:
    volume = volumes.get_visible(call.db, body.volume_id, call.caller)
    call.enforce(volume)
    name = body.name.strip() if body.name is not None else None
    transfer, key = logic.create(call.db, volume, logic.NewTransfer(name, no_snapshots))
    return offered_view(transfer, links(call, transfer.id), key)


def _routes(base: str, **options: Any) -> Routes:
    routes = Routes()

    @routes.get(base, rule=LIST, wraps="transfers", **options)
    def list_transfers(call: Call) -> Listed[ShortTransferView]:
        filters, found = _found(call)
        views = [short_view(one, links(call, one.id)) for one in found]
        return listed(call, TRANSFERS, filters, views, [one.id for one in found])

    @routes.get(base + "/detail", rule=LIST, wraps="transfers", **options)
    def list_transfers_in_detail(call: Call) -> Listed[TransferView]:
        filters, found = _found(call)
        views = [view(one, links(call, one.id)) for one in found]
        return listed(call, TRANSFERS, filters, views, [one.id for one in found])

    @routes.get(base + "/{transfer_id}", rule=GET, wraps="transfer", quick=True, **options)
    def get_transfer(call: Call, transfer_id: str) -> TransferView:
        transfer = logic.get_visible(call.db, transfer_id, call.caller)
        call.enforce({"project_id": transfer.project_id})
        return view(transfer, links(call, transfer.id))

    @routes.post(
        base + "/{transfer_id}/accept", rule=ACCEPT, status=202, body_wraps="accept", wraps="transfer", **options
    )
    def accept_transfer(call: Call, transfer_id: str, body: TransferAccept) -> ShortTransferView:
        call.enforce({"project_id": call.caller.project_id})
        transfer = logic.get(call.db, transfer_id)
        logic.accept(call.db, transfer, call.caller, str(body.auth_key))
        return short_view(transfer, links(call, transfer.id))

    @routes.delete(base + "/{transfer_id}", rule=DELETE, status=202, **options)
    def delete_transfer(call: Call, transfer_id: str) -> None:
        transfer = logic.get_visible(call.db, transfer_id, call.caller)
        volume = volumes.get(call.db, transfer.volume_id)
        call.enforce(volume)
        logic.delete(call.db, transfer, volume)

    return routes


FORMER = "/v3/os-volume-transfer"
BASE = "/v3/volume-transfers"
former_routes = _routes(FORMER)
routes = _routes(BASE, since="3.55")


@former_routes.post(FORMER, rule=CREATE, status=202, wraps="transfer")
def offer_with_snapshots(call: Call, body: TransferCreate) -> OfferedView:
    return _offered(call, body, no_snapshots=False)


@routes.post(BASE, rule=CREATE, status=202, wraps="transfer", since="3.55")
def offer(call: Call, body: TransferCreateWithout) -> OfferedView:
    return _offered(call, body, no_snapshots=truth(body.no_snapshots, "no_snapshots"))
