from typing import Any

from haneul.kernel.schema import View
from haneul.services.identity.schemas import Links


class CatalogView(View):
    catalog: list[dict[str, Any]]
    links: Links


class SystemView(View):
    """What of the system the token's user may have: all, or nothing."""

    system: list[dict[str, bool]]
    links: Links
