from haneul.kernel.http import Call, Routes
from haneul.services.image.images import access
from haneul.services.image.images.access import MODIFY
from haneul.services.image.tags import logic

routes = Routes()


@routes.put("/v2/images/{image_id}/tags/{tag}", rule=MODIFY, status=204)
def add_tag(call: Call, image_id: str, tag: str) -> None:
    logic.add(call.db, access.loaded(call, call.db, image_id, missing=access.NOT_FOUND), tag)


@routes.delete("/v2/images/{image_id}/tags/{tag}", rule=MODIFY)
def remove_tag(call: Call, image_id: str, tag: str) -> None:
    logic.remove(call.db, access.loaded(call, call.db, image_id, missing=access.NOT_FOUND), tag)
