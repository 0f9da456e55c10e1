from collections.abc import Mapping
from typing import Any

from haneul.services.image.metadefs.definitions import (
    PropertyDefinition,
    converted,
    property_fields,
    refuse_ours,
)
from haneul.services.image.metadefs.documents import PROPERTY
from haneul.services.image.metadefs.fitting import refuse_unfit


def property_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """The property that a body describes, as it is kept; `name` and `type` are among its fields."""
    refuse_ours(body, "created_at", "updated_at")
    refuse_unfit(PROPERTY, body)
    return property_fields(converted("property", body, PropertyDefinition))
