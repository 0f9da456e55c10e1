"""Images: what servers are made from. Speaks Glance's API v2."""

from functools import partial

from haneul.kernel.http.manners import Manners
from haneul.kernel.service import BusMethod, Service
from haneul.services.image.base_rules import BASE_RULES
from haneul.services.image.config import ImageSettings
from haneul.services.image.discovery import routes as discovery
from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.files.api import routes_with as files_with
from haneul.services.image.files.downloads import Downloads
from haneul.services.image.files.recovery import recover
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.files.uploads import Uploads
from haneul.services.image.images.api import routes_with as images_with
from haneul.services.image.json_schemas import routes as json_schemas
from haneul.services.image.members.api import routes as members
from haneul.services.image.public import ImageAsk, ImageBytes, ImagePart, facts_of
from haneul.services.image.tags.api import routes as tags
from haneul.services.image.versions import routes as versions


def service(driver: ImageStore, settings: ImageSettings) -> Service:
    return Service(
        type="image",
        name="glance",
        description="OpenStack Image",
        port=9292,
        path="/image",
        base_rules=BASE_RULES,
        scope_types=("project",),
        resources=(
            versions,
            images_with(ByteRemoval(driver)),
            files_with(Uploads(driver, settings), Downloads(driver)),
            tags,
            members,
            discovery,
            json_schemas,
        ),
        faults="image",
        manners=Manners(exact_paths=True),
        page_links="image",
        forbidden="You are not authorized to complete {rule} action.",
        bus_methods=(
            BusMethod(
                "image.facts", ImageAsk, lambda store, asked: store.read(partial(facts_of, image_id=asked.image_id))
            ),
            BusMethod("image.part", ImagePart, ImageBytes(driver).read_part),
        ),
        on_start=(partial(recover, driver=driver),),
        settings=ImageSettings,
    )
