"""Images of servers: their bytes are read from the host that has made a copy of the server's disk."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from haneul.kernel.db import Db
from haneul.kernel.errors import Gone
from haneul.kernel.operations import Asker
from haneul.services.image.config import ImageSettings
from haneul.services.image.files.intake import Landing
from haneul.services.image.files.logic import remove
from haneul.services.image.images.logic import create
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.images.schemas import ImageCreate, fields_in, refuse_name, text
from haneul.services.image.imports import logic
from haneul.services.image.imports.logic import Beginning
from haneul.services.image.imports.operations import ImportImage
from haneul.services.image.locations.models import STAGED
from haneul.services.image.quotas import take_image
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks import queries as tasks
from haneul.services.image.tasks.logic import NewTask
from haneul.services.image.transfers.job import Job, Outcome
from haneul.services.image.transfers.logic import Wanted

PART_BYTES = 4 << 20


class NewServerImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is to be made of a server's disk (qcow2)."""

    name: str
    project_id: str
    properties: dict[str, str]
    min_disk: int = 0
    min_ram: int = 0


class DiskCopy(msgspec.Struct, frozen=True):
    """A copy of a server's disk that a host keeps."""

    host: str
    server_id: str
    copy_id: str


class ServerImages:
    """Makes image records for servers; what operations need later is told them in values."""

    def __init__(self, backends: Backends, settings: ImageSettings) -> None:
        self._store, self._task_hours = backends.default.name, settings.task_hours
        self._keep_deleted_s = settings.keep_deleted_s

    def create(self, db: Db, wanted: NewServerImage) -> Image:
        """An image without bytes yet; Forbidden for properties that are ours to set, OverQuota if its project may have
        no more images."""
        for name, value in wanted.properties.items():
            refuse_name(name)
            text(name, value)
        take_image(db, wanted.project_id)
        given = {
            "name": wanted.name,
            "visibility": "private",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": wanted.min_disk,
            "min_ram": wanted.min_ram,
        }
        return create(db, ImageCreate(fields_in(given), wanted.properties, wanted.project_id))

    @property
    def known(self) -> dict[str, Any]:
        """What `begin` will have to know, and for how many seconds a deleted image's bytes are kept."""
        return {"store": self._store, "task_hours": self._task_hours, "keep_deleted_s": self._keep_deleted_s}


def begin(db: Db, image_id: str, copied: DiskCopy, known: Mapping[str, Any], asker: Asker) -> str:
    """Let the copy become the image, which goes if that fails; the task's id. Gone if the image was deleted."""
    image = db.one(BY_ID, id=image_id)
    if image is None:
        raise Gone("The image was deleted.")
    method = {"name": "server", "server_id": copied.server_id}
    wanted = Beginning(
        operation=ImportImage,
        old=image,
        new=replace(logic.expect(image, [known["store"]]), status="importing"),
        task=NewTask(
            type="api_image_import",
            input={"image_id": image.id, "import_req": {"method": method}, "backend": [known["store"]]},
            image_id=image.id,
        ),
        known={
            "method": method,
            "stores": [known["store"]],
            "all_must_succeed": True,
            "plugins": [],
            "inject": {},
            "before": logic.described(image),
            "task_hours": known["task_hours"],
            "made_image": True,
        },
        brings=Wanted("server", msgspec.to_builtins(copied)),
    )
    return logic.begin(db, wanted, asker)


def outcome(db: Db, task_id: str) -> tuple[str, str]:
    """How the import of a task went: pending, processing, success or failure, and the reason of a failure."""
    task = db.one(tasks.BY_ID, id=task_id)
    return ("failure", "The image was deleted.") if task is None else (task.status, task.message)


def give_up(db: Db, image_id: str) -> None:
    """The image will get no bytes, so it goes; one that has them stays."""
    image = db.one(BY_ID, id=image_id)
    if image is not None and image.status == "queued":
        remove(db, replace(image, protected=False), 0)


def pull(job: Job) -> Outcome:
    """The kind `server`: a copy of a server's disk is read from its host."""
    copied = msgspec.convert({name: job.input[name] for name in DiskCopy.__struct_fields__}, DiskCopy)
    landing = Landing(job.draft, job.ground.settings.most_bytes)
    place = (copied.server_id, copied.copy_id)
    while part := job.ground.hosts.snapshot_part(copied.host, place, landing.size, PART_BYTES):
        landing.take(part)
        job.moved(len(part))
    landing.keep()
    return Outcome(STAGED, landing.size)
