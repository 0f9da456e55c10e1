from collections.abc import Mapping

from haneul.kernel.errors import OverQuota
from haneul.kernel.http import Call
from haneul.services.compute.servers.asking import refuse_many_metadata


def refuse_many(call: Call, properties: Mapping[str, str]) -> None:
    """OverQuota for more properties of an image than a server may have metadata; from 2.39 on nothing is counted."""
    if call.at_least("2.39"):
        return
    try:
        refuse_many_metadata(call, properties)
    except OverQuota:
        raise OverQuota("Image metadata limit exceeded") from None
