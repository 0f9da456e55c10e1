"""Lists asked for by every filter that they know, with values that nothing has: none of it is a failure."""

import pytest
from tests.services.block_storage.shelf import CINDER, NEWEST
from tests.support.cloud import Client

from haneul.services.block_storage.group_types.api import ALL as GROUP_TYPES
from haneul.services.block_storage.lists import TIMES, Kind
from haneul.services.block_storage.messages.logic import KIND as MESSAGES
from haneul.services.block_storage.qos_specs.api import ALL as QOS_SPECS
from haneul.services.block_storage.snapshots.queries import SNAPSHOTS
from haneul.services.block_storage.types.api import TYPES
from haneul.services.block_storage.volume_transfers.queries import TRANSFERS
from haneul.services.block_storage.volumes.queries import VOLUMES

ODD = (
    "",
    "a%00b",
    "9" * 30,
    "['a', 'b']",
    "[1]",
    "{'a': 'b'}",
    "{'a\\x00': 'b'}",
    "(" * 300,
    "gt:2026-01-01T00:00:00",
    "lt:0001-01-01T00:00:00%2B14:00",
    "%ff%fe",
    "%25%5C_",
)


def names(kind: Kind) -> set[str]:
    return {
        *kind.listing.filters,
        *kind.items,
        *TIMES,
        *(f"{name}~" for name in kind.likes),
        "all_tenants",
        "with_count",
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("volumes/detail", VOLUMES),
        ("snapshots/detail", SNAPSHOTS),
        ("volume-transfers/detail", TRANSFERS),
        ("messages", MESSAGES),
        ("types", TYPES),
        ("qos-specs", QOS_SPECS),
        ("group_types", GROUP_TYPES),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_an_odd_filter_is_refused_or_finds_nothing(admin: Client, path: str, kind: Kind) -> None:
    cinder = admin.with_headers(OpenStack_API_Version=NEWEST)
    failed = [
        f"{name}={value}: {answer.text}"
        for name in names(kind)
        for value in ODD
        if (answer := cinder.get(CINDER, f"/v3/{path}?{name}={value}")).status_code not in (200, 400)
    ]
    assert failed == []


def test_times_are_compared_where_lists_know_them(admin: Client) -> None:
    """Offers have no such filter: whatever is asked for is not theirs."""
    cinder = admin.with_headers(OpenStack_API_Version=NEWEST)
    assert cinder.get(CINDER, "/v3/volume-transfers?created_at=gt:2000-01-01T00:00:00").json() == {"transfers": []}
    refused = cinder.get(CINDER, "/v3/volumes?created_at=after:2000-01-01T00:00:00")
    assert (refused.status_code, refused.json()["badRequest"]["message"]) == (400, "Invalid after operator")
