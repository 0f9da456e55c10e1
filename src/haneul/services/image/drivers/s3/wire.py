"""Requests to an S3 server by botocore, which is loaded with the first of them; its errors in our kinds."""

import logging
from functools import cached_property
from threading import Lock
from typing import Any

from haneul.services.image.drivers.base import Full, Unreachable
from haneul.services.image.drivers.s3.options import S3Options

MISSING = ("NoSuchKey", "NoSuchUpload", "NotFound", "404")
FULL = ("EntityTooLarge", "QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "413", "507")
REFUSED = (
    "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "Forbidden",
    "RequestTimeTooSkewed", "401", "403",
)  # fmt: skip


class NoBucket(Unreachable):
    """The bucket does not exist."""


class Wire:
    """One server's face. `call` takes an operation's name as botocore spells it and its arguments."""

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._making = Lock()

    def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Send a request about the bucket; FileNotFoundError, Full, NoBucket, Unreachable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self._options.bucket, **arguments)
            return answer
        except ClientError as error:
            raise self._kind_of(error.response) from None
        except (BotoCoreError, OSError) as error:
            raise self._unanswered(error) from None

    def _kind_of(self, response: Any) -> Exception:
        told = response.get("Error", {})
        code = str(told.get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "NoSuchBucket":
            return NoBucket(f"The bucket {self._options.bucket} does not exist at {self._options.endpoint}.")
        if code in MISSING:
            return FileNotFoundError("The store has no such object.")
        if code in FULL or status in (413, 507):
            return Full(f"The store at {self._options.endpoint} takes no more bytes.")
        if code in REFUSED:
            return Unreachable(f"The store at {self._options.endpoint} refused its credentials.")
        return Unreachable(f"The store at {self._options.endpoint} answered {status}.")

    def _unanswered(self, error: Exception) -> Unreachable:
        # The error's own text may hold the request.
        return Unreachable(f"The store at {self._options.endpoint} did not answer ({type(error).__name__}).")

    @property
    def _client(self) -> Any:
        with self._making:
            return self._made

    @cached_property
    def _made(self) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        options = self._options
        # At its finest it writes whole requests to the log.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        config = Config(
            connect_timeout=min(options.timeout_s, 10),
            read_timeout=options.timeout_s,
            retries={"mode": "standard", "total_max_attempts": options.attempts},
            s3={"addressing_style": options.bucket_url_format},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=50,
            proxies={},
        )
        session = Session()
        # Nothing of this account's own files and environment: a store is what its settings say.
        session.set_config_variable("config_file", "/dev/null")
        session.set_config_variable("credentials_file", "/dev/null")
        return session.create_client(
            "s3",
            region_name=options.region,
            endpoint_url=options.endpoint,
            aws_access_key_id=options.access_key,
            aws_secret_access_key=options.secret_key,
            verify=options.cacert or None,
            config=config,
        )
