import msgspec

from haneul.kernel.auth.caller import ANONYMOUS, Caller


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a transaction comes from: who asked, by which request, from which address and with which client.

    Nobody asks for what the cloud does by itself.
    """

    caller: Caller = ANONYMOUS
    request_id: str = ""
    global_request_id: str | None = None
    remote: str = ""
    agent: str = ""


NOBODY = Origin()
