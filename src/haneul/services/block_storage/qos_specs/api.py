from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.http.pages import links_of
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.lists import PAGING, Filters, Kind, listed, rows_of
from haneul.services.block_storage.qos_specs import logic
from haneul.services.block_storage.qos_specs.models import QosSpecs
from haneul.services.block_storage.qos_specs.schemas import (
    Association,
    OneQosView,
    QosCreate,
    QosKeys,
    QosListView,
    QosUpdate,
    TypeQuery,
    view,
)
from haneul.services.block_storage.yes_no import asked_truth

routes = Routes()

PATH = "/v3/qos-specs/{qos_id}"
LIST = Rule("volume_extension:qos_specs_manage:get_all", ADMIN, "List QoS specs, and the types that have them.")
GET = Rule("volume_extension:qos_specs_manage:get", ADMIN, "Show QoS specs.")
CREATE = Rule("volume_extension:qos_specs_manage:create", ADMIN, "Create QoS specs.")
UPDATE = Rule("volume_extension:qos_specs_manage:update", ADMIN, "Change QoS specs, and which types have them.")
DELETE = Rule("volume_extension:qos_specs_manage:delete", ADMIN, "Delete QoS specs, or some of their keys.")
ALL = Kind(listing=logic.LISTING, missing=logic.NO_SPECS, offered=frozenset())


def _one(call: Call, qos: QosSpecs) -> OneQosView:
    project = f"/{call.ask.project_id}" if call.ask.project_id else ""
    links = [
        {"rel": "self", "href": call.url(f"/v3{project}/qos-specs/{qos.id}")},
        {"rel": "bookmark", "href": call.url(f"{project}/qos-specs/{qos.id}")},
    ]
    return OneQosView(qos_specs=view(qos), links=links)


def _type_id(query: TypeQuery) -> str:
    if not query.vol_type_id:
        raise BadRequest("Volume Type id must not be None.")
    return query.vol_type_id


@routes.get("/v3/qos-specs", rule=LIST)
def list_qos_specs(call: Call) -> QosListView:
    call.enforce()
    given = {name: values[-1] for name, values in call.ask.parameters.items() if name not in PAGING}
    wanted = Filters(given, is_void=bool(given.keys() - logic.LISTING.filters.keys()))
    found = rows_of(call, ALL, wanted)
    shown = listed(call, ALL, wanted, [view(one) for one in found], [one.id for one in found])
    around = links_of("compute", "qos_specs", call.url(call.ask.path), call.ask.parameters, shown)
    return QosListView(qos_specs=list(shown.items), qos_specs_links=around.get("qos_specs_links", UNSET))


@routes.post("/v3/qos-specs", rule=CREATE, body_wraps="qos_specs", status=200)
def create_qos_specs(call: Call, body: QosCreate) -> OneQosView:
    call.enforce()
    return _one(call, logic.create(call.db, body))


@routes.get(PATH, rule=GET, quick=True)
def get_qos_specs(call: Call, qos_id: str) -> OneQosView:
    call.enforce()
    return _one(call, logic.get(call.db, qos_id))


@routes.put(PATH, rule=UPDATE, wraps="qos_specs")
def update_qos_specs(call: Call, qos_id: str, body: QosUpdate) -> dict[str, str | None]:
    call.enforce()
    logic.set_(call.db, qos_id, body)
    return body


@routes.delete(PATH, rule=DELETE, status=202)
def delete_qos_specs(call: Call, qos_id: str) -> None:
    call.enforce()
    logic.delete(call.db, qos_id, is_forced=asked_truth(call.ask.parameters, "force"))


@routes.put(PATH + "/delete_keys", rule=DELETE, status=202)
def delete_keys(call: Call, qos_id: str, body: QosKeys) -> None:
    call.enforce()
    logic.drop(call.db, qos_id, body.keys)


@routes.get(PATH + "/associations", rule=LIST, wraps="qos_associations")
def list_associations(call: Call, qos_id: str) -> list[Association]:
    call.enforce()
    return [Association(id=kind.id, name=kind.name) for kind in logic.associations(call.db, qos_id)]


@routes.get(PATH + "/associate", rule=UPDATE, status=202, transaction="write")
def associate(call: Call, qos_id: str, query: TypeQuery) -> None:
    call.enforce()
    logic.associate(call.db, qos_id, _type_id(query))


@routes.get(PATH + "/disassociate", rule=UPDATE, status=202, transaction="write")
def disassociate(call: Call, qos_id: str, query: TypeQuery) -> None:
    call.enforce()
    logic.disassociate(call.db, qos_id, _type_id(query))


@routes.get(PATH + "/disassociate_all", rule=UPDATE, status=202, transaction="write")
def disassociate_all(call: Call, qos_id: str) -> None:
    call.enforce()
    logic.disassociate_all(call.db, qos_id)
