"""The kind `store`: bytes of an image, staged or already stored, are brought into a store, hashed and inspected."""

from haneul.kernel.errors import Unavailable
from haneul.services.image.drivers.base import Reader
from haneul.services.image.files.intake import Intake, IntakeRules
from haneul.services.image.files.logic import Received, facts
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.signatures import verifier_for
from haneul.services.image.transfers.job import READ_BYTES, Cancelled, Job, Outcome


def store_bytes(job: Job) -> Outcome:
    """Copy from the location `from` of the input; refused if it is not what the image claims, or says of itself."""
    settings = job.ground.settings
    verifier = verifier_for(job.image, job.ground.certificates)
    intake = Intake(job.draft, IntakeRules(settings.most_bytes, job.image.os_hash_algo or settings.hash), verifier)
    source = opened(job)
    try:
        while chunk := source.read(READ_BYTES):
            intake.take(chunk)
            job.moved(len(chunk))
    finally:
        source.close()
    received = intake.finish(job.image)
    _refuse_other(job, received)
    # As what they were inspected, whatever is said of them by now.
    formats = {name: getattr(job.image, name) for name in ("disk_format", "container_format")}
    return Outcome(ACTIVE, received.size, facts(received) | formats)


def opened(job: Job) -> Reader:
    """The bytes of the location that the input names by `from`, or the image's own where it names none."""
    return job.ground.sources.open(_own(job) if job.input.get("from") is None else [source_of(job)])


def _own(job: Job) -> list[Location]:
    return job.ground.store.read(lambda db: locations.of_image(db, job.image.id, ACTIVE))


def source_of(job: Job) -> Location:
    """The location that the input names by `from`; Cancelled if it is no more."""
    found = job.ground.store.read(lambda db: locations.get(db, int(job.input["from"])))
    if found is None or found.image_id != job.image.id:
        raise Cancelled
    return found


def _refuse_other(job: Job, received: Received) -> None:
    """Bytes of an image that is known already have to be its own."""
    if job.image.os_hash_value is not None and job.image.os_hash_value != received.hash:
        raise Unavailable("The image's bytes do not match its checksum.")
