from typing import Annotated, Any, Literal

import msgspec

from haneul.kernel.schema import UNSET, Meta, Name, Since, StrictBody, Text255, UnsetType, Uuid
from haneul.services.compute.servers.schemas import HostName, Metadata, ServerName
from haneul.services.compute.servers.views import ServerView


class Rebuild(StrictBody):
    imageRef: Uuid
    name: ServerName | UnsetType = UNSET
    adminPass: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    preserve_ephemeral: bool = False
    accessIPv4: str | UnsetType = UNSET
    accessIPv6: str | UnsetType = UNSET
    disk_config: Literal["AUTO", "MANUAL"] | UnsetType = msgspec.field(default=UNSET, name="OS-DCF:diskConfig")
    personality: Annotated[list[Any] | UnsetType, Since("2.1", "2.56")] = UNSET
    description: Annotated[Text255 | None | UnsetType, Since("2.19")] = UNSET
    key_name: Annotated[Name | None | UnsetType, Since("2.54")] = UNSET
    user_data: Annotated[Annotated[str, Meta(max_length=65535)] | None | UnsetType, Since("2.57")] = UNSET
    trusted_image_certificates: Annotated[list[str] | None | UnsetType, Since("2.63")] = UNSET
    hostname: Annotated[HostName | UnsetType, Since("2.90")] = UNSET


class RebuiltView(ServerView, kw_only=True):
    """The server, the password that nobody is told again, and from 2.57 on its user data for whoever may rebuild it."""

    adminPass: str
    given_user_data: Annotated[str | None, Since("2.57")] = msgspec.field(default=None, name="user_data")
