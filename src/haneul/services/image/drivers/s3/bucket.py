"""Objects in one bucket, by the operations of the S3 API reference."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.remote.server import Stream, Upload
from haneul.services.image.drivers.s3.options import S3Options
from haneul.services.image.drivers.s3.wire import NoBucket, Wire


class Bucket:
    """One bucket."""

    def __init__(self, options: S3Options) -> None:
        self._options, self._wire = options, Wire(options)
        self._has_bucket = False
        self.scheme = f"s3+{urlsplit(options.endpoint).scheme}"

    def begin(self, key: str) -> Upload:
        self._make_bucket()
        answer = self._wire.call("create_multipart_upload", Key=key)
        return MultipartUpload(self._wire, key, answer["UploadId"])

    def put(self, key: str, body: BinaryIO, size: int) -> None:
        self._make_bucket()
        body.seek(0)
        self._wire.call("put_object", Key=key, Body=body, ContentLength=size)

    def size(self, key: str) -> int:
        return int(self._wire.call("head_object", Key=key)["ContentLength"])

    def read(self, key: str, offset: int) -> Stream:
        answer = self._wire.call("get_object", Key=key, Range=f"bytes={offset}-")
        return Body(answer["Body"])

    def delete(self, key: str) -> None:
        try:
            for upload_id in list(self._uploads(key)):
                self._abort(key, upload_id)
            self._wire.call("delete_object", Key=key)
        except (FileNotFoundError, NoBucket):
            return

    def keys(self) -> Iterator[str]:
        asked: dict[str, str] = {}
        while True:
            page = self._page(asked)
            yield from (entry["Key"] for entry in page.get("Contents", []))
            if not page.get("IsTruncated"):
                return
            asked = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        try:
            return self._wire.call("list_objects_v2", **asked)
        except NoBucket:
            if self._options.create_bucket_on_put:
                return {}
            raise

    def address(self, key: str) -> str:
        return f"s3+{self._options.endpoint}/{self._options.bucket}/{quote(key)}"

    def _make_bucket(self) -> None:
        """Create the bucket if the settings say that this store may."""
        if not self._options.create_bucket_on_put or self._has_bucket:
            return
        try:
            self._wire.call("head_bucket")
        except FileNotFoundError:
            region = self._options.region
            # The one region that may not be named.
            place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            self._wire.call("create_bucket", **place)
        self._has_bucket = True

    def _uploads(self, key: str) -> Iterator[str]:
        """The ids of the key's uploads that were begun and neither completed nor aborted."""
        page = self._wire.call("list_multipart_uploads", Prefix=key)
        return (upload["UploadId"] for upload in page.get("Uploads", []) if upload["Key"] == key)

    def _abort(self, key: str, upload_id: str) -> None:
        try:
            self._wire.call("abort_multipart_upload", Key=key, UploadId=upload_id)
        except FileNotFoundError:
            return


class MultipartUpload:
    """An upload of several parts (S3 API reference, Multipart upload)."""

    def __init__(self, wire: Wire, key: str, upload_id: str) -> None:
        self._wire, self._key, self._id = wire, key, upload_id
        self._parts: list[dict[str, object]] = []
        self._size = 0

    def add(self, part: BinaryIO, size: int) -> None:
        part.seek(0)
        number = len(self._parts) + 1
        sent = {"UploadId": self._id, "PartNumber": number, "Body": part, "ContentLength": size}
        answer = self._wire.call("upload_part", Key=self._key, **sent)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._size += size

    def complete(self) -> None:
        whole = {"UploadId": self._id, "MultipartUpload": {"Parts": self._parts}}
        try:
            self._wire.call("complete_multipart_upload", Key=self._key, **whole)
        except FileNotFoundError:
            # A repeated request whose first answer was lost is told the same as one for a deleted upload.
            if self._wire.call("head_object", Key=self._key)["ContentLength"] != self._size:
                raise


class Body:
    """The answer to one GET."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int, /) -> bytes:
        from botocore.exceptions import BotoCoreError, HTTPClientError

        try:
            piece: bytes = self._body.read(size)
            return piece
        except (BotoCoreError, HTTPClientError, OSError) as error:
            raise Unreachable(f"The store broke off its answer ({type(error).__name__}).") from None

    def close(self) -> None:
        self._body.close()
