from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, StrictBody, UnsetType


class FixedIpAdd(StrictBody):
    networkId: Annotated[str, Meta(min_length=1, max_length=36)] | int


class FixedIpRemove(StrictBody):
    address: str


class FloatingIpAdd(StrictBody):
    address: str
    fixed_address: str | UnsetType = UNSET


class FloatingIpRemove(StrictBody):
    address: str
