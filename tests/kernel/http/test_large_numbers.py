"""Whole numbers of more than 64 bits, such as the addresses of an IPv6 network."""

from decimal import Decimal

from haneul.kernel.http import PUBLIC, Call, Listed, Routes
from haneul.kernel.http.bodies import Outgoing, encode
from haneul.kernel.http.versions import NEWEST
from haneul.kernel.schema import View

routes = Routes()
MANY = 2**80


class CountView(View):
    id: str
    total: int | Decimal


@routes.get("/counts/{count_id}", rule=PUBLIC, wraps="count", transaction="none")
def get_count(call: Call, count_id: str) -> CountView:
    return CountView(id=count_id, total=Decimal(MANY))


@routes.get("/counts", rule=PUBLIC, wraps="counts", transaction="none")
def list_counts(call: Call) -> Listed[CountView]:
    return Listed(items=[CountView(id="a", total=Decimal(MANY))])


def outgoing(*fields: str) -> Outgoing:
    return Outgoing(at=NEWEST, link_style="none", here="", parameters={}, fields=frozenset(fields))


def test_they_are_numbers_in_json() -> None:
    one, several = routes.all
    view = CountView(id="a", total=Decimal(MANY))
    assert encode(one, view, outgoing()) == b'{"count":{"id":"a","total":%d}}' % MANY
    assert encode(one, view, outgoing("total")) == b'{"count":{"total":%d}}' % MANY
    assert encode(several, Listed(items=[view]), outgoing("total")) == b'{"counts":[{"total":%d}]}' % MANY
