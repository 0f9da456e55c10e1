"""Block storage: volumes that servers mount, write and keep. Speaks Cinder's API v3."""

import platform
from functools import partial

from haneul.kernel.db import Store
from haneul.kernel.http import Routes
from haneul.kernel.http.manners import Manners
from haneul.kernel.service import BusMethod, Service
from haneul.services.block_storage.availability_zones.api import routes as availability_zones
from haneul.services.block_storage.base_rules import BASE_RULES
from haneul.services.block_storage.capabilities.api import routes as capabilities
from haneul.services.block_storage.clusters.api import routes as clusters
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.default_types.api import routes as default_types
from haneul.services.block_storage.extensions import routes as extensions
from haneul.services.block_storage.group_specs.api import routes as group_specs
from haneul.services.block_storage.group_types.api import routes_with as group_types
from haneul.services.block_storage.hosts.api import routes as hosts
from haneul.services.block_storage.hosts.api import routes_with as host_list
from haneul.services.block_storage.limits.api import routes as limits
from haneul.services.block_storage.messages.api import routes as messages
from haneul.services.block_storage.pools.api import routes_with as pools
from haneul.services.block_storage.qos_specs.api import routes as qos_specs
from haneul.services.block_storage.quota_class_sets.api import routes as quota_class_sets
from haneul.services.block_storage.quota_sets.api import routes as quota_sets
from haneul.services.block_storage.resource_filters.api import routes as resource_filters
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.services.api import routes as service_actions
from haneul.services.block_storage.services.api import routes_with as service_list
from haneul.services.block_storage.snapshot_metadata.api import routes as snapshot_metadata
from haneul.services.block_storage.snapshots.api import routes as snapshots
from haneul.services.block_storage.snapshots.operations import SNAPSHOT_OPERATIONS
from haneul.services.block_storage.type_access.api import routes as type_access
from haneul.services.block_storage.type_encryptions.api import routes as type_encryptions
from haneul.services.block_storage.type_extra_specs.api import routes as type_extra_specs
from haneul.services.block_storage.types.api import routes_with as types
from haneul.services.block_storage.types.logic import seed
from haneul.services.block_storage.versions import MICROVERSIONS
from haneul.services.block_storage.versions import routes as versions
from haneul.services.block_storage.volume_actions.api import routes as volume_actions
from haneul.services.block_storage.volume_metadata.api import routes as volume_metadata
from haneul.services.block_storage.volume_retypes.api import routes as volume_retypes
from haneul.services.block_storage.volume_transfers.api import former_routes as former_transfers
from haneul.services.block_storage.volume_transfers.api import routes as volume_transfers
from haneul.services.block_storage.volumes.api import routes_with as volumes
from haneul.services.block_storage.volumes.operations import VOLUME_OPERATIONS
from haneul.services.block_storage.volumes.plans import VOLUME_PLANS
from haneul.services.block_storage.wire import VolumeHostOrders, VolumeHostReport
from haneul.services.block_storage.workers.api import routes_with as workers


def service(settings: BlockStorageSettings, host: str) -> Service:
    """Block storage; `host` is the machine that the scheduler is said to run on, this one if none is named."""
    host = host or platform.node()

    def heard(store: Store, report: VolumeHostReport) -> VolumeHostOrders:
        return store.write(lambda db: services.heard(db, report))

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
        resources=_resources(settings, host),
        operations=(*VOLUME_OPERATIONS, *SNAPSHOT_OPERATIONS),
        plans=(VOLUME_PLANS,),
        bus_methods=(BusMethod("block_storage.host", VolumeHostReport, heard),),
        on_start=(
            lambda store: store.write(partial(services.control_seen, host=host)),
            lambda store: store.write(seed),
        ),
        faults="block_storage",
        page_links="compute",
        page_most=1000,
        microversions=MICROVERSIONS,
        settings=BlockStorageSettings,
    )


def _resources(settings: BlockStorageSettings, host: str) -> tuple[Routes, ...]:
    return (
        versions,
        extensions,
        availability_zones,
        limits,
        quota_sets,
        quota_class_sets,
        messages,
        resource_filters,
        service_list(settings, host),
        service_actions,
        host_list(settings),
        hosts,
        pools(settings),
        capabilities,
        clusters,
        workers(settings),
        volumes(settings),
        snapshots,
        snapshot_metadata,
        volume_metadata,
        volume_actions,
        volume_retypes,
        volume_transfers,
        former_transfers,
        types(settings),
        type_extra_specs,
        type_access,
        type_encryptions,
        default_types,
        qos_specs,
        group_types(settings),
        group_specs,
    )
