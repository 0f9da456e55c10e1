from typing import Annotated, Any

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET, Meta, Name, StrictBody, Text255, UnsetType, View
from haneul.services.block_storage.names import SpecsWithSpaces
from haneul.services.block_storage.qos_specs.models import QosSpecs

CONSUMERS = ("back-end", "front-end", "both")
QosCreate = Annotated[dict[Name, Text255 | None], Meta(max_length=256)]
"""The name, the consumer and the specs side by side."""
QosUpdate = SpecsWithSpaces


class QosKeys(StrictBody):
    keys: Annotated[list[Name], Meta(max_length=256)]


class QosView(View):
    id: str
    name: str
    consumer: str
    specs: dict[str, str | None]


class OneQosView(View):
    qos_specs: QosView
    links: list[dict[str, str]]


class QosListView(View):
    qos_specs: list[QosView]
    qos_specs_links: list[dict[str, str]] | UnsetType = UNSET


class Association(View):
    """A volume type that has the specs."""

    id: str
    name: str
    association_type: str = "volume_type"


class TypeQuery(msgspec.Struct, frozen=True):
    vol_type_id: str = ""


def view(one: QosSpecs) -> QosView:
    """The specs' body."""
    return QosView(id=one.id, name=one.name, consumer=one.consumer, specs=one.specs)


def parted(given: dict[str, Any], consumer: str) -> tuple[str, dict[str, str | None]]:
    """The consumer, as it was if none is given, and the specs; BadRequest for a consumer that nothing is."""
    specs = dict(given)
    chosen = specs.pop("consumer", consumer)
    if chosen not in CONSUMERS:
        valid = ", ".join(CONSUMERS)
        raise BadRequest("Invalid qos specs: Valid consumer of QoS specs are: {valid}", valid=valid)
    return chosen, specs
