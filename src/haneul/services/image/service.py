"""Images: what servers are made from. Speaks Glance's API v2."""

from functools import partial
from pathlib import Path

import msgspec

from haneul.host.net.fetch import Fetcher
from haneul.kernel.db import Store
from haneul.kernel.http.manners import Manners
from haneul.kernel.service import BusMethod, Service
from haneul.services.image.base_rules import BASE_RULES
from haneul.services.image.cache.api import routes_with as cache_with
from haneul.services.image.cache.cache import ByteCache
from haneul.services.image.cache.worker import CacheWorker
from haneul.services.image.config import ImageSettings
from haneul.services.image.files.api import routes_with as files_with
from haneul.services.image.files.downloads import Downloads
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.files.sources import Sources
from haneul.services.image.files.upkeep import Upkeep
from haneul.services.image.files.uploads import Uploads
from haneul.services.image.images.api import Tools
from haneul.services.image.images.api import routes_with as images_with
from haneul.services.image.images.protections import protections_in
from haneul.services.image.images.proxied import ProxiedImages
from haneul.services.image.images.views import Views
from haneul.services.image.imports.api import ImportTools
from haneul.services.image.imports.api import routes_with as imports_with
from haneul.services.image.imports.checks import UriFilter
from haneul.services.image.imports.kinds import KINDS
from haneul.services.image.imports.operations import ImportImage
from haneul.services.image.json_schemas import routes as json_schemas
from haneul.services.image.keys import CertificateFolder, Certificates
from haneul.services.image.locations.api import routes_with as locations_with
from haneul.services.image.locations.kinds import KINDS as LOCATION_KINDS
from haneul.services.image.locations.operations import AddLocation
from haneul.services.image.members.api import routes as members
from haneul.services.image.metadefs.routes import METADEFS
from haneul.services.image.public import HostBytes, ImageAsk, ImageBytes, ImagePart, ServerImages, facts_of
from haneul.services.image.stores.api import routes_with as stores_with
from haneul.services.image.stores.backends import Backends, open_backends
from haneul.services.image.stores.fetching import fetcher_of
from haneul.services.image.tags.api import routes as tags
from haneul.services.image.tasks.api import routes_with as tasks_with
from haneul.services.image.tasks.json_schemas import routes as task_schemas
from haneul.services.image.transfers.job import Ground
from haneul.services.image.transfers.sealing import SEAL_KEY, Seal
from haneul.services.image.transfers.worker import Transfers
from haneul.services.image.versions import routes_with as versions_with

# No store can have the name.
CACHE = "os_glance_cache"


class ImageParts(msgspec.Struct, frozen=True):
    """What the image service works with, opened once in a process."""

    settings: ImageSettings
    backends: Backends
    fetcher: Fetcher
    seal: Seal
    certificates: Certificates
    cache: ByteCache | None
    hosts: HostBytes

    @property
    def of_servers(self) -> ServerImages:
        """What compute makes images of servers with."""
        return ServerImages(self.backends, self.settings)

    @property
    def proxied(self) -> ProxiedImages:
        """What compute's clients reach images with."""
        return ProxiedImages(self.settings.keep_deleted_s, protections_in(self.settings.property_protections))


def open_images(folder: Path, settings: ImageSettings, hosts: HostBytes) -> ImageParts:
    """Open the stores and the cache, in a folder of ours; `hosts` are where servers' disks are copied."""
    fetcher = fetcher_of(settings)
    backends = open_backends(settings, folder, fetcher)
    cache = ByteCache(folder / CACHE, settings.cache.most_bytes) if settings.cache.enabled else None
    certificates = CertificateFolder(Path(settings.certificates or folder.parent / "certificates"))
    return ImageParts(settings, backends, fetcher, Seal(folder / SEAL_KEY), certificates, cache, hosts)


def _transfers(store: Store, parts: ImageParts, sources: Sources) -> Transfers:
    ground = Ground(
        store, parts.backends, sources, parts.settings, parts.certificates, parts.fetcher, parts.seal, parts.hosts
    )
    return Transfers(store, ground, {**KINDS, **LOCATION_KINDS})


def service(parts: ImageParts) -> Service:
    settings, backends = parts.settings, parts.backends
    sources, cache = Sources(backends, parts.cache), parts.cache
    parts_for_hosts, uris = ImageBytes(sources), UriFilter(parts.fetcher)
    protections = protections_in(settings.property_protections)
    tools = Tools(backends, Views(backends, settings, protections), ByteRemoval(backends), settings, protections)
    return Service(
        type="image",
        name="glance",
        description="OpenStack Image",
        port=9292,
        path="/image",
        base_rules=BASE_RULES,
        scope_types=("project",),
        resources=(
            versions_with(settings),
            images_with(tools),
            files_with(Uploads(backends, settings, parts.certificates), Downloads(sources, backends)),
            imports_with(ImportTools(backends, settings, uris, parts.seal)),
            locations_with(backends, settings),
            tags,
            members,
            *METADEFS,
            tasks_with(backends, settings, uris),
            stores_with(backends, settings),
            cache_with(cache),
            json_schemas,
            task_schemas,
        ),
        faults="image",
        manners=Manners(exact_paths=True),
        page_links="image",
        forbidden="You are not authorized to complete {rule} action.",
        bus_methods=(
            BusMethod(
                "image.facts", ImageAsk, lambda store, asked: store.read(partial(facts_of, image_id=asked.image_id))
            ),
            BusMethod("image.part", ImagePart, parts_for_hosts.read_part),
        ),
        operations=(ImportImage, AddLocation),
        workers=(
            partial(Upkeep, backends=backends),
            partial(_transfers, parts=parts, sources=sources),
            lambda _: parts_for_hosts.readers,
            *(() if cache is None else (partial(CacheWorker, cache=cache, sources=sources),)),
        ),
        settings=ImageSettings,
    )
