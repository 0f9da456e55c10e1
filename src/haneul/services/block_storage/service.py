"""Block storage: volumes that servers mount, write and keep. Speaks Cinder's API v3."""

from functools import partial

from haneul.kernel.db import Store
from haneul.kernel.http.manners import Manners
from haneul.kernel.reconcile.values import Nothing
from haneul.kernel.service import BusMethod, Service
from haneul.services.block_storage.base_rules import BASE_RULES
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.types.logic import seed
from haneul.services.block_storage.versions import MICROVERSIONS
from haneul.services.block_storage.versions import routes as versions
from haneul.services.block_storage.volumes.api import routes_with as volumes
from haneul.services.block_storage.volumes.operations import VOLUME_OPERATIONS
from haneul.services.block_storage.volumes.plans import VOLUME_PLANS
from haneul.services.block_storage.wire import VolumeHostReport


def service(settings: BlockStorageSettings, host: str) -> Service:
    """Block storage; `host` is the machine that the scheduler is said to run on."""

    def heard(store: Store, report: VolumeHostReport) -> Nothing:
        store.write(lambda db: services.heard(db, report))
        return Nothing()

    return Service(
        type="block-storage",
        name="cinder",
        also={"volumev3": "cinderv3"},
        description="OpenStack Block Storage",
        port=8776,
        path="/volume",
        endpoint="/v3/$(project_id)s",
        project_base="/v3",
        manners=Manners(exact_paths=True),
        base_rules=BASE_RULES,
        scope_types=("project",),
        resources=(versions, volumes(settings)),
        operations=VOLUME_OPERATIONS,
        plans=(VOLUME_PLANS,),
        bus_methods=(BusMethod("block_storage.host", VolumeHostReport, heard),),
        on_start=(
            lambda store: store.write(partial(services.control_seen, host=host)),
            lambda store: store.write(seed),
        ),
        faults="compute",
        page_links="compute",
        page_most=1000,
        microversions=MICROVERSIONS,
        settings=BlockStorageSettings,
    )
