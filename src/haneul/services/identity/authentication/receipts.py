"""Receipts: what a login with too few methods gets, to go on from. Source: Identity API v3.13, auth receipts."""

import time
from typing import Any

import msgspec

from haneul.kernel.clock import from_microseconds, iso_microseconds
from haneul.kernel.schema import View
from haneul.services.identity.keys.ring import KeyRing
from haneul.services.identity.projects.models import Project
from haneul.services.identity.users.models import User

LIFE_S = 300
RECEIPT_MOST = 4096


class Receipt(msgspec.Struct, frozen=True, array_like=True, tag="receipt"):
    """What a receipt says under encryption; moments in microseconds. Its tag keeps it from being read as a token."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: int
    expires_at: int


class ReceiptView(View):
    receipt: dict[str, Any]
    required_auth_methods: list[list[str]]


def issue(user: User, methods: tuple[str, ...], *, began_at: int, ends_most: int | None) -> Receipt:
    """A receipt for what the user has proved, the first of it since `began_at` and good until `ends_most` at most."""
    ends = began_at + LIFE_S * 1_000_000
    return Receipt(user.id, methods, began_at, ends if ends_most is None else min(ends, ends_most))


def write(keys: KeyRing, receipt: Receipt) -> str:
    """The receipt as the text that the user brings back."""
    return keys.encrypt(msgspec.msgpack.encode(receipt))


def read(keys: KeyRing, written: str) -> Receipt | None:
    """What a receipt says; None for one that is over, or not ours."""
    raw = keys.decrypt(written) if len(written) < RECEIPT_MOST else None
    try:
        receipt = msgspec.msgpack.decode(raw, type=Receipt) if raw else None
    except msgspec.DecodeError:
        return None
    return receipt if receipt is not None and receipt.expires_at > time.time() * 1e6 else None


def view(receipt: Receipt, user: User, domain: Project, required: list[list[str]]) -> ReceiptView:
    """The body of the answer that brings the receipt."""
    return ReceiptView(
        receipt={
            "methods": list(receipt.methods),
            "user": {"id": user.id, "name": user.name, "domain": {"id": domain.id, "name": domain.name}},
            "expires_at": iso_microseconds(from_microseconds(receipt.expires_at)),
            "issued_at": iso_microseconds(from_microseconds(receipt.issued_at)),
        },
        required_auth_methods=required,
    )
