"""What an RBD store is configured with."""

from typing import Annotated

from msgspec import Meta

from haneul.services.image.drivers.remote.server import ServerOptions


class RbdOptions(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ceph_conf` is the file that tells where the cluster is and where the key of `user` lies. An image grows by
    `part_mb` MiB at once, a long one by more. Names and meanings are glance_store's, without their prefix."""

    pool: Annotated[str, Meta(min_length=1)] = "images"
    user: Annotated[str, Meta(min_length=1)] = "glance"
    ceph_conf: str = "/etc/ceph/ceph.conf"
    part_mb: Annotated[int, Meta(ge=1, le=16)] = 8
