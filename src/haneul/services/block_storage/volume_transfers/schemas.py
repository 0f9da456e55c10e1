from typing import Annotated, Any

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Since, StrictBody, Text255, UnsetType, Uuid, View
from haneul.services.block_storage.volume_transfers.models import Transfer


class TransferCreate(StrictBody):
    volume_id: Uuid
    name: Text255 | None = None


class TransferCreateWithout(TransferCreate):
    """`no_snapshots`: the volume's snapshots stay with the project that gives it away."""

    no_snapshots: bool | str = False


class TransferAccept(StrictBody):
    auth_key: Text255 | int


class ShortTransferView(View):
    id: str
    volume_id: str
    name: str | None
    links: list[dict[str, str]]


class TransferView(ShortTransferView, frozen=True, kw_only=True):
    """An offer that stands: nobody has accepted it yet, and so nobody is its destination."""

    created_at: str
    no_snapshots: Annotated[bool | UnsetType, Since("3.55")] = UNSET
    destination_project_id: Annotated[str | None, Since("3.57")] = None
    source_project_id: Annotated[str | UnsetType, Since("3.57")] = UNSET
    accepted: Annotated[bool, Since("3.57")] = False


class OfferedView(TransferView, frozen=True, kw_only=True):
    """With the key, which is shown but once."""

    auth_key: str


def short_view(transfer: Transfer, links: list[dict[str, str]]) -> ShortTransferView:
    return ShortTransferView(id=transfer.id, volume_id=transfer.volume_id, name=transfer.name, links=links)


def view(transfer: Transfer, links: list[dict[str, str]]) -> TransferView:
    return TransferView(**_whole(transfer, links))


def offered_view(transfer: Transfer, links: list[dict[str, str]], key: str) -> OfferedView:
    return OfferedView(**_whole(transfer, links), auth_key=key)


def _whole(transfer: Transfer, links: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "created_at": iso_bare(transfer.created_at),
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "links": links,
        "no_snapshots": transfer.no_snapshots,
        "source_project_id": transfer.project_id,
    }
