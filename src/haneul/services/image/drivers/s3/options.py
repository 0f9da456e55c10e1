"""What an S3 store is configured with."""

from typing import Annotated, Literal

from msgspec import Meta

from haneul.services.image.drivers.remote.server import HttpOptions


class S3Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`host` is the server's URL, plain HTTP if it names no scheme. Images of more than `part_mb` MiB go in parts of
    that size; longer ones in larger parts. Names and meanings are glance_store's, without their prefix."""

    host: Annotated[str, Meta(pattern="^(https?://)?[^@/]+/?$")]
    access_key: Annotated[str, Meta(min_length=1)]
    secret_key: Annotated[str, Meta(min_length=1)]
    bucket: Annotated[str, Meta(min_length=1)]
    region: str = "us-east-1"
    create_bucket_on_put: bool = False
    bucket_url_format: Literal["auto", "virtual", "path"] = "auto"
    part_mb: Annotated[int, Meta(ge=5, le=16)] = 8

    @property
    def endpoint(self) -> str:
        """The server's URL with its scheme and without a slash at its end."""
        given = self.host if "://" in self.host else f"http://{self.host}"
        return given.rstrip("/")
