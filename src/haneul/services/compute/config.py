import msgspec


class ComputeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much more than it has a host gives away, per kind of resource; how long a console's address is good, and from
    which hosts' pages consoles may be opened beside their own."""

    cpu_allocation_ratio: float = 16.0
    ram_allocation_ratio: float = 1.5
    disk_allocation_ratio: float = 1.0
    console_token_life_s: int = 600
    console_origins: tuple[str, ...] = ()
