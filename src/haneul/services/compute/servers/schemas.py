from typing import Annotated, Any, Literal

import msgspec

from haneul.kernel.schema import UNSET, Meta, Name, Since, StrictBody, Text255, UnsetType

ServerName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?!\s)[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f]\Z")]
MetadataKey = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-_:. ]{1,255}\Z")]
Metadata = dict[MetadataKey, Text255]
MOST_TAGS = 50
HostName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-._]*\Z")]
Tag = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^,/]*\Z")]


class NetworkRequest(StrictBody):
    uuid: str | UnsetType = UNSET
    port: str | None | UnsetType = UNSET
    fixed_ip: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET


class BlockDeviceRequest(StrictBody):
    """One entry of `block_device_mapping_v2`. Only the image's own local disk is built so far."""

    source_type: str | UnsetType = UNSET
    destination_type: str | UnsetType = UNSET
    uuid: str | UnsetType = UNSET
    boot_index: int | str | None | UnsetType = UNSET
    volume_size: int | str | UnsetType = UNSET
    delete_on_termination: bool | UnsetType = UNSET
    device_name: str | None | UnsetType = UNSET
    device_type: str | None | UnsetType = UNSET
    disk_bus: str | None | UnsetType = UNSET
    guest_format: str | None | UnsetType = UNSET
    no_device: bool | str | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    volume_type: str | None | UnsetType = UNSET


class SecurityGroupRequest(msgspec.Struct, frozen=True):
    name: str


class ServerCreate(StrictBody):
    name: ServerName
    flavorRef: str | int
    imageRef: str | UnsetType = UNSET
    networks: list[NetworkRequest] | Literal["none", "auto"] | UnsetType = UNSET
    key_name: Name | UnsetType = UNSET
    user_data: Annotated[str, Meta(max_length=65535)] | None | UnsetType = UNSET
    metadata: Metadata = {}
    adminPass: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    availability_zone: Name | UnsetType = UNSET
    config_drive: bool | Literal[""] | UnsetType | None = UNSET
    security_groups: list[SecurityGroupRequest] | UnsetType = UNSET
    block_device_mapping_v2: list[BlockDeviceRequest] | UnsetType = UNSET
    min_count: Annotated[int, Meta(ge=1)] = 1
    max_count: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    return_reservation_id: bool = False
    accessIPv4: str | UnsetType = UNSET
    accessIPv6: str | UnsetType = UNSET
    disk_config: Literal["AUTO", "MANUAL"] | UnsetType = msgspec.field(default=UNSET, name="OS-DCF:diskConfig")
    personality: Annotated[list[Any] | UnsetType, Since("2.1", "2.56")] = UNSET
    description: Annotated[Text255 | None | UnsetType, Since("2.19")] = UNSET
    tags: Annotated[Annotated[list[Tag], Meta(max_length=MOST_TAGS)] | UnsetType, Since("2.52")] = UNSET
    trusted_image_certificates: Annotated[list[str] | None | UnsetType, Since("2.63")] = UNSET
    host: Annotated[Name | UnsetType, Since("2.74")] = UNSET
    hypervisor_hostname: Annotated[Name | UnsetType, Since("2.74")] = UNSET
    hostname: Annotated[HostName | UnsetType, Since("2.90")] = UNSET


class ServerCreateBody(StrictBody):
    """The whole body: scheduler hints stand beside the server, under either of two names."""

    server: ServerCreate
    hints: dict[str, Any] | UnsetType = msgspec.field(default=UNSET, name="os:scheduler_hints")
    old_hints: dict[str, Any] | UnsetType = msgspec.field(default=UNSET, name="OS-SCH-HNT:scheduler_hints")


class ServerUpdate(StrictBody):
    name: ServerName | UnsetType = UNSET
    accessIPv4: str | UnsetType = UNSET
    accessIPv6: str | UnsetType = UNSET
    disk_config: Literal["AUTO", "MANUAL"] | UnsetType = msgspec.field(default=UNSET, name="OS-DCF:diskConfig")
    description: Annotated[Text255 | None | UnsetType, Since("2.19")] = UNSET
    hostname: Annotated[HostName | UnsetType, Since("2.90")] = UNSET


class ServerFilters(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "changes_since": "changes-since",
        "changes_before": "changes-before",
        "tags_any": "tags-any",
        "not_tags": "not-tags",
        "not_tags_any": "not-tags-any",
    },
):
    """Query filters. Source: Compute API reference, "List Servers"."""

    name: str | UnsetType = UNSET
    status: list[str] | UnsetType = UNSET
    ip: str | UnsetType = UNSET
    ip6: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    flavor: str | UnsetType = UNSET
    host: str | UnsetType = UNSET
    all_tenants: str | UnsetType = UNSET
    tenant_id: str | UnsetType = UNSET
    project_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    uuid: list[str] | UnsetType = UNSET
    reservation_id: str | UnsetType = UNSET
    vm_state: list[str] | UnsetType = UNSET
    task_state: list[str] | UnsetType = UNSET
    power_state: str | UnsetType = UNSET
    key_name: str | UnsetType = UNSET
    availability_zone: str | UnsetType = UNSET
    hostname: str | UnsetType = UNSET
    deleted: str | UnsetType = UNSET
    locked: str | UnsetType = UNSET
    changes_since: str | UnsetType = UNSET
    changes_before: str | UnsetType = UNSET
    tags: str | UnsetType = UNSET
    tags_any: str | UnsetType = UNSET
    not_tags: str | UnsetType = UNSET
    not_tags_any: str | UnsetType = UNSET
