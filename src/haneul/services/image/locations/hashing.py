"""The kinds of transfer behind new locations: `measure` asks how many bytes a URL names, `hash` reads them."""

import hashlib

from haneul.kernel.errors import BadRequest, TooLarge, Unavailable
from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.locations.measures import measure
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.transfers.copying import source_of
from haneul.services.image.transfers.job import READ_BYTES, Job, Outcome

ATTEMPTS = 3


def measure_bytes(job: Job) -> Outcome:
    """How many bytes the input's `url` names; BadRequest for a location that can't be read."""
    url = job.input["url"]
    found = measure(job.ground.backends, [url]).get(url)
    if found is None:
        raise BadRequest("Invalid location")
    if found.size > job.ground.settings.most_bytes:
        raise TooLarge("The provided image is too large.")
    return Outcome(ACTIVE, found.size, {"size": found.size})


def hash_bytes(job: Job) -> Outcome:
    """The digests of the location `from` of the input, by `hash_name`; Unavailable if it can't be read to its end."""
    location = source_of(job)
    for attempt in range(ATTEMPTS):
        try:
            return _hashed(job, location)
        except (OSError, Unreachable, Unavailable) as failed:
            if attempt == ATTEMPTS - 1:
                raise Unavailable("Hash calculation failed for image {id} data", id=location.image_id) from failed
    raise AssertionError


def _hashed(job: Job, location: Location) -> Outcome:
    md5, digest, size = hashlib.md5(usedforsecurity=False), hashlib.new(job.input["hash_name"]), 0
    source = job.ground.sources.open([location])
    try:
        while chunk := source.read(READ_BYTES):
            size += len(chunk)
            if size > job.ground.settings.most_bytes:
                raise TooLarge("The provided image is too large.")
            md5.update(chunk)
            digest.update(chunk)
            job.moved(len(chunk))
    finally:
        source.close()
    return Outcome(ACTIVE, size, {"checksum": md5.hexdigest(), "os_hash_value": digest.hexdigest()})
