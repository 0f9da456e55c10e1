"""Compute: servers and what they are made from. Speaks Nova's API v2.1."""

import msgspec

from haneul.kernel.db import Store
from haneul.kernel.http.manners import Manners
from haneul.kernel.reconcile.values import Nothing
from haneul.kernel.service import BusMethod, Service
from haneul.services.compute.aggregates.api import routes as aggregates
from haneul.services.compute.aggregates.caching import IMAGE_PLANS
from haneul.services.compute.availability_zones.api import routes as availability_zones
from haneul.services.compute.base_rules import BASE_RULES
from haneul.services.compute.config import ComputeSettings
from haneul.services.compute.consoles.api import routes_with as consoles
from haneul.services.compute.consoles.site import site_with as console_site
from haneul.services.compute.extensions import routes as extensions
from haneul.services.compute.flavor_access.api import routes as flavor_access
from haneul.services.compute.flavor_extra_specs.api import routes as flavor_extra_specs
from haneul.services.compute.flavors.api import routes as flavors
from haneul.services.compute.floating_ips_proxy.api import routes as floating_ips_proxy
from haneul.services.compute.hosts import logic as hosts_logic
from haneul.services.compute.hosts.api import routes as host_list
from haneul.services.compute.hosts_link import HostLink
from haneul.services.compute.hypervisors.api import routes as hypervisors
from haneul.services.compute.images_proxy.api import routes_with as images_proxy
from haneul.services.compute.instance_actions.api import routes as instance_actions
from haneul.services.compute.interfaces.api import routes as interfaces
from haneul.services.compute.interfaces.news import port_gone
from haneul.services.compute.interfaces.operations import INTERFACE_OPERATIONS
from haneul.services.compute.keypairs.api import routes as keypairs
from haneul.services.compute.limits.api import routes as limits
from haneul.services.compute.metadata.answers import answer
from haneul.services.compute.networks_proxy.api import routes as networks_proxy
from haneul.services.compute.quota_class_sets.api import routes as quota_class_sets
from haneul.services.compute.quota_sets.api import routes as quota_sets
from haneul.services.compute.security_groups_proxy.api import routes as security_groups_proxy
from haneul.services.compute.server_actions.api import routes_with as server_actions
from haneul.services.compute.server_images.api import routes_with as server_images
from haneul.services.compute.server_images.backups import IMAGE_OPERATIONS
from haneul.services.compute.server_ips.api import routes as server_ips
from haneul.services.compute.server_metadata.api import routes as server_metadata
from haneul.services.compute.server_password.api import routes as server_password
from haneul.services.compute.server_rebuilds.api import routes as server_rebuilds
from haneul.services.compute.server_rebuilds.operations import RebuildServer
from haneul.services.compute.server_security_groups.api import routes as server_security_groups
from haneul.services.compute.server_states.api import routes as server_states
from haneul.services.compute.server_states.operations import STATE_OPERATIONS
from haneul.services.compute.server_tags.api import routes as server_tags
from haneul.services.compute.servers.api import routes as servers
from haneul.services.compute.servers.operations import OPERATIONS
from haneul.services.compute.servers.plans import GUEST_PLANS
from haneul.services.compute.services.api import routes as services
from haneul.services.compute.usages.api import routes as usages
from haneul.services.compute.versions import MICROVERSIONS
from haneul.services.compute.versions import routes as versions
from haneul.services.compute.wire import HostReport
from haneul.services.image.public import ProxiedImages, ServerImages
from haneul.services.network.public import MetadataAsk, on_port_gone


class Images(msgspec.Struct, frozen=True):
    """What compute makes images with, and what its clients reach images with."""

    of_servers: ServerImages
    proxied: ProxiedImages


class Places(msgspec.Struct, frozen=True):
    """Where clients find what compute's answers name: the consoles' pages, and the image service; no last slash."""

    consoles: str
    images: str


def service(hosts: HostLink, settings: ComputeSettings, images: Images, at: Places) -> Service:
    """Compute, asking its hosts over this link and making images of servers."""

    def heard(store: Store, report: HostReport) -> Nothing:
        store.write(lambda db: hosts_logic.heard(db, report, settings))
        return Nothing()

    on_port_gone(port_gone)
    return Service(
        type="compute",
        name="nova",
        description="OpenStack Compute",
        port=8774,
        path="/compute",
        endpoint="/v2.1",
        project_base="/v2.1",
        former_base="/v2",
        manners=Manners(exact_paths=True),
        base_rules=BASE_RULES,
        scope_types=("project",),
        resources=(
            versions,
            extensions,
            flavors,
            flavor_extra_specs,
            flavor_access,
            keypairs,
            quota_sets,
            quota_class_sets,
            limits,
            services,
            hypervisors,
            availability_zones,
            aggregates,
            host_list,
            usages,
            servers,
            server_actions(hosts),
            server_states,
            server_rebuilds,
            server_images(images.of_servers, at.images),
            server_metadata,
            server_tags,
            interfaces,
            server_ips,
            server_security_groups,
            consoles(at.consoles, settings.console_token_life_s),
            instance_actions,
            server_password,
            security_groups_proxy,
            networks_proxy,
            floating_ips_proxy,
            images_proxy(images.proxied, at.images),
        ),
        sites=(console_site(hosts, at.consoles, settings),),
        operations=(*OPERATIONS, *STATE_OPERATIONS, RebuildServer, *IMAGE_OPERATIONS, *INTERFACE_OPERATIONS),
        plans=(GUEST_PLANS, IMAGE_PLANS),
        bus_methods=(BusMethod("compute.host", HostReport, heard), BusMethod("metadata.answer", MetadataAsk, answer)),
        on_start=(lambda store: store.write(hosts_logic.control_seen),),
        faults="compute",
        page_links="compute",
        page_most=1000,
        microversions=MICROVERSIONS,
        request_id_header="x-compute-request-id",
        settings=ComputeSettings,
    )
