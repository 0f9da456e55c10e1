from typing import Literal

import msgspec

HashName = Literal["sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"]


class BackendSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One store, `[image.stores.NAME]`: its driver, what users read of it, and the driver's own `options`.

    A store of more `weight` is read first.
    """

    driver: str = "file"
    description: str = ""
    weight: int = 0
    options: dict[str, str] = {}

    def __repr__(self) -> str:
        # Options may hold secrets.
        return f"BackendSettings({self.driver})"


class FetchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[image.fetch]`: which addresses web-download, glance-download and the http store may ask.

    A list of what is allowed goes before the list of what is not. `networks` are the loopback, private or link-local
    ones that may be asked all the same; `ca_file` holds further certificates to trust.
    """

    schemes: tuple[str, ...] = ("http", "https")
    disallowed_schemes: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    disallowed_ports: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    disallowed_hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    ca_file: str = ""
    total_s: float = 3600.0


class PluginSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[image.plugins]`: what imports do to an image on its way, in this order, under Glance's names.

    `image_decompression`; `image_conversion` to `output_format`; `inject_image_metadata` puts the properties `inject`
    on images of users without one of the roles `ignore_user_roles`.
    """

    enabled: tuple[str, ...] = ()
    output_format: str = "raw"
    inject: dict[str, str] = {}
    ignore_user_roles: tuple[str, ...] = ("admin",)


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[image.cache]`: whether bytes that were read are kept on this host, and how many at most."""

    enabled: bool = False
    most_bytes: int = 10 << 30


class ImageSettings(msgspec.Struct, frozen=True):
    """`stores` by name, of which `default_store` is used unless another is asked for; none is one store named `file`.

    `most_bytes`: the largest file that may be uploaded. `upload_idle_s`: how long an upload may send nothing before it
    counts as broken off. `keep_deleted_s`: how long the bytes of deleted images are kept, so that an image can be
    restored. `show_direct_url` and `show_multiple_locations` let users see where bytes lie. `certificates` is a folder
    of certificates for image signatures, each NAME.pem under its id; `task_hours`: how long ended tasks are shown.
    `property_protections` is a file that says which roles have which rights to custom properties, in Glance's form.
    """

    default_store: str = ""
    stores: dict[str, BackendSettings] = {}
    most_bytes: int = 1 << 40
    most_virtual_bytes: int = 64 << 40
    upload_idle_s: int = 900
    keep_deleted_s: int = 0
    hash: HashName = "sha512"
    secure_hash: bool = True
    show_direct_url: bool = False
    show_multiple_locations: bool = False
    import_methods: tuple[str, ...] = ("glance-direct", "web-download", "copy-image")
    certificates: str = ""
    property_protections: str = ""
    task_hours: int = 48
    fetch: FetchSettings = FetchSettings()
    plugins: PluginSettings = PluginSettings()
    cache: CacheSettings = CacheSettings()
