import msgspec


class BackendSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One back end of this host, `[block_storage.backends.NAME]`: its driver, and the driver's own `options`."""

    driver: str = "file"
    options: dict[str, str] = {}


class BlockStorageSettings(msgspec.Struct, frozen=True):
    """`backends` by name; none is one of files, named `file`. `default_type` is the type of volumes for which none is
    asked, `default_group_type` the type of groups. `down_after_s`: how long a volume host may be silent."""

    backends: dict[str, BackendSettings] = {}
    default_type: str = "__DEFAULT__"
    default_group_type: str = ""
    down_after_s: int = 60
