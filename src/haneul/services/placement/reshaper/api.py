from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.placement.allocations.schemas import claims_of
from haneul.services.placement.reshaper import logic
from haneul.services.placement.reshaper.schemas import Reshape, ReshapeCounted, ReshapeMapped

routes = Routes()

RESHAPE = Rule(
    "placement:reshaper:reshape",
    "rule:service_api",
    "Move inventories and allocations between providers.",
    scope_types=("project",),
)


@routes.post("/reshaper", rule=RESHAPE, since="1.30", until="1.33", status=204, body_limit=0x1000000)
def reshape_counted(call: Call, body: ReshapeCounted) -> None:
    call.enforce()
    logic.reshape(call.db, body.inventories, claims_of(body.allocations))


@routes.post("/reshaper", rule=RESHAPE, since="1.34", until="1.37", status=204, body_limit=0x1000000)
def reshape_mapped(call: Call, body: ReshapeMapped) -> None:
    call.enforce()
    logic.reshape(call.db, body.inventories, claims_of(body.allocations))


@routes.post("/reshaper", rule=RESHAPE, since="1.38", status=204, body_limit=0x1000000)
def reshape(call: Call, body: Reshape) -> None:
    call.enforce()
    logic.reshape(call.db, body.inventories, claims_of(body.allocations))
