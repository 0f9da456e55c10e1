"""Clusters of volume services: none can be configured here, since a back end belongs to one host."""

from typing import Annotated, NoReturn

from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta, StrictBody, Text255
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.services.models import VOLUME
from haneul.services.block_storage.yes_no import asked_truth

routes = Routes()

PATH = "/v3/clusters"
LIST = Rule("clusters:get_all", ADMIN, "List clusters of services.")
GET = Rule("clusters:get", ADMIN, "Show a cluster of services.")
UPDATE = Rule("clusters:update", ADMIN, "Enable or disable a cluster of services.")
FILTERS = frozenset({"name", "binary", "is_up", "disabled", "num_hosts", "num_down_hosts"})
OF_REPLICATION = frozenset({"replication_status", "frozen", "active_backend_id"})


class ClusterNamed(StrictBody):
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    binary: Text255 | None = None


class ClusterNamedWithReason(ClusterNamed, frozen=True):
    disabled_reason: Text255 | None = None


def _none(call: Call) -> list[dict[str, str]]:
    call.enforce()
    unknown = call.ask.parameters.keys() - FILTERS - (OF_REPLICATION if call.at_least("3.26") else set())
    if unknown:
        raise BadRequest("Invalid input received: Invalid filter keys: {names}", names=", ".join(sorted(unknown))[:255])
    for name in ("disabled", "is_up"):
        asked_truth(call.ask.parameters, name)
    return []


def _refuse(name: str, binary: str) -> NoReturn:
    wanted = {"binary": binary, "name": name}
    raise NotFound("Cluster {wanted} could not be found.", wanted=str(wanted))


@routes.get(PATH, rule=LIST, wraps="clusters", since="3.7")
def list_clusters(call: Call) -> list[dict[str, str]]:
    return _none(call)


@routes.get(PATH + "/detail", rule=LIST, wraps="clusters", since="3.7")
def list_clusters_in_detail(call: Call) -> list[dict[str, str]]:
    return _none(call)


@routes.get(PATH + "/{cluster_name}", rule=GET, since="3.7")
def get_cluster(call: Call, cluster_name: str) -> None:
    call.enforce()
    _refuse(cluster_name, VOLUME)


@routes.put(PATH + "/enable", rule=UPDATE, since="3.7")
def enable_cluster(call: Call, body: ClusterNamed) -> None:
    call.enforce()
    _refuse(body.name, body.binary or VOLUME)


@routes.put(PATH + "/disable", rule=UPDATE, since="3.7")
def disable_cluster(call: Call, body: ClusterNamedWithReason) -> None:
    call.enforce()
    _refuse(body.name, body.binary or VOLUME)
