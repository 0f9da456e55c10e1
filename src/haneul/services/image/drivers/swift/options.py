"""What a Swift store is configured with."""

from typing import Annotated, Literal

from msgspec import Meta

from haneul.services.image.drivers.remote.server import HttpOptions


class SwiftOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`auth_address` is where to log in: the whole URL of a version 1 login, or Keystone's up to its `/v3`. `user` is
    `project:user`. Images of more than `part_mb` MiB go in segments of that size; longer ones in larger segments.
    Names and meanings are glance_store's, without their prefix."""

    auth_address: Annotated[str, Meta(min_length=1, pattern="^https?://[^@]+$")]
    auth_version: Literal["1", "3"] = "3"
    user: Annotated[str, Meta(pattern="^[^:]+:[^:]+$")]
    key: Annotated[str, Meta(min_length=1)]
    user_domain_id: str = "default"
    project_domain_id: str = "default"
    region: str = ""
    endpoint_type: Literal["publicURL", "internalURL", "adminURL"] = "publicURL"
    container: Annotated[str, Meta(min_length=1, max_length=256, pattern="^[^/?]+$")] = "glance"
    create_container_on_put: bool = False
    part_mb: Annotated[int, Meta(ge=1, le=16)] = 8
