"""The kinds `fetch` and `pull`: bytes are brought into staging from a URL, or from another image service."""

from collections.abc import Iterator
from contextlib import contextmanager

from haneul.host.net.fetch import FetchFailed, Refused, Response
from haneul.kernel.db import Db
from haneul.kernel.errors import Unavailable
from haneul.services.image.files.intake import Landing
from haneul.services.image.imports import logic
from haneul.services.image.imports.remote import RemoteImages
from haneul.services.image.locations.models import STAGED
from haneul.services.image.transfers.job import Job, Outcome
from haneul.services.image.transfers.models import Transfer

# Whoever sends slowly is asked this often whether anybody still wants it.
READ_BYTES = 1 << 16


def fetch(job: Job) -> Outcome:
    """web-download: what the tenant's URL names."""
    with refusals():
        response = job.ground.fetcher.open(job.input["method"]["uri"])
        return Outcome(STAGED, _poured(job, response))


def pull(job: Job) -> Outcome:
    """glance-download: an active image of the image service of another region, and what it says of itself."""
    remote = RemoteImages(job.ground, job.input)
    with refusals():
        image = remote.show()
        size = _poured(job, remote.open())
    if size != image.size:
        raise Unavailable(
            "The remote image's data has {size} bytes in place of the expected {expected}.",
            size=size,
            expected=image.size,
        )
    return Outcome(STAGED, size, image.told)


def pulled(db: Db, transfer: Transfer, outcome: Outcome) -> None:
    """The image says of itself what the remote one does."""
    logic.describe(db, transfer.image_id, outcome.result)


def _poured(job: Job, response: Response) -> int:
    """Write all of a response into the draft; how many bytes that were."""
    landing = Landing(job.draft, job.ground.settings.most_bytes)
    try:
        while chunk := response.read(READ_BYTES):
            landing.take(chunk)
            job.moved(len(chunk))
    finally:
        response.close()
    landing.keep()
    return landing.size


@contextmanager
def refusals() -> Iterator[None]:
    """Say why nothing could be fetched."""
    try:
        yield
    except (FetchFailed, Refused) as failed:
        raise Unavailable("{reason}", reason=str(failed)) from None
