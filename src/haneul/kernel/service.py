"""A service's manifest: what the kernel and `cloud.py` need to know of it."""

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from haneul.kernel.db.store import Store
from haneul.kernel.http.manners import Manners
from haneul.kernel.http.pages import LinkStyle
from haneul.kernel.http.routes import Route, Routes
from haneul.kernel.http.sites import Site
from haneul.kernel.http.versions import Microversions
from haneul.kernel.operations.steps import Operation
from haneul.kernel.reconcile.plans import PlanSource


class BusMethod(msgspec.Struct, frozen=True):
    """A question that agents may ask control over the bus: its name, the struct it takes, and who answers it."""

    name: str
    takes: builtins.type[msgspec.Struct]
    answer: Callable[[Store, Any], Any]


class Worker(Protocol):
    """What a service does in the background of a control process."""

    def start(self) -> None:
        """Begin, and come back at once."""

    def stop(self) -> None:
        """End, and come back when it has ended."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One OpenStack service type.

    `project_base` is a path behind which clients may put a project id (`/v2.1` of `/v2.1/PROJECT/servers`).
    `former_base` is where clients from before microversions look for the API (`/v2`): theirs is the oldest version.
    `scope_types` are the scopes of the tokens that it takes, where a rule says nothing of them: empty is any.
    `faults` names the error envelope, `page_links` the style of page links. `request_id_header` is a second header for
    request ids (`X-Compute-Request-Id`). `manners`: where its HTTP is stricter.
    `sites` are ports of its own for browsers.
    `on_start` runs in every control process before it answers: to heal what a crash left.
    `also` are further types under which older clients look for the service in the catalog, with their names.
    `workers` make what runs beside the requests, one of each in every control process.
    """

    type: str
    name: str
    description: str
    port: int
    path: str
    base_rules: Mapping[str, str]
    resources: Sequence[Routes]
    faults: str
    endpoint: str = ""
    project_base: str = ""
    former_base: str = ""
    page_links: LinkStyle = "none"
    page_most: int = 1000
    microversions: Microversions | None = None
    scope_types: tuple[str, ...] = ()
    forbidden: str = "Policy doesn't allow {rule} to be performed."
    request_id_header: str = ""
    manners: Manners = Manners()
    version_document: Callable[[str], Any] | None = None
    operations: Sequence[builtins.type[Operation]] = ()
    plans: Sequence[PlanSource] = ()
    bus_methods: Sequence[BusMethod] = ()
    sites: Sequence[Site] = ()
    on_start: Sequence[Callable[[Store], None]] = ()
    workers: Sequence[Callable[[Store], Worker]] = ()
    settings: builtins.type[msgspec.Struct] | None = None
    also: Mapping[str, str] = {}

    @property
    def package(self) -> str:
        """The folder among the services that is this one's."""
        return self.type.replace("-", "_")

    @property
    def routes(self) -> list[Route]:
        return [route for resource in self.resources for route in resource.all]
