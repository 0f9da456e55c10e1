import msgspec


class ComputeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much more than it has a host gives away, per kind of resource."""

    cpu_allocation_ratio: float = 16.0
    ram_allocation_ratio: float = 1.5
    disk_allocation_ratio: float = 1.0
