"""Image bytes in a bucket of S3, or of any server that speaks its protocol."""

from haneul.services.image.drivers.s3.store import open_store

__all__ = ["open_store"]
