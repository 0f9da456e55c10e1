from typing import Annotated

from haneul.kernel.schema import Meta, StrictBody, View


class Grant(StrictBody):
    """`tenant` is the project's id."""

    tenant: Annotated[str, Meta(min_length=1, max_length=255)]


class AccessView(View):
    flavor_id: str
    tenant_id: str
