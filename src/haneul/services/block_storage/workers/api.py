from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.workers import logic
from haneul.services.block_storage.workers.schemas import CleanedView, Cleanup, WorkerView

PATH = "/v3/workers/cleanup"
CLEANUP = Rule("workers:cleanup", ADMIN, "Have services finish or undo work that was broken off.")


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    def cleaned(call: Call, body: Cleanup | None) -> CleanedView:
        call.enforce()
        cleaning, unavailable = logic.asked(call.db, body or Cleanup(), settings)
        return CleanedView(
            cleaning=[WorkerView.of(one) for one in cleaning], unavailable=[WorkerView.of(one) for one in unavailable]
        )

    @routes.post(PATH, rule=CLEANUP, status=202, since="3.24", body_optional=True)
    def clean_up(call: Call, body: Cleanup | None) -> CleanedView:
        return cleaned(call, body)

    @routes.put(PATH, rule=CLEANUP, status=202, since="3.24", body_optional=True)
    def clean_up_for_the_sdk(call: Call, body: Cleanup | None) -> CleanedView:
        # openstacksdk puts where Cinder's API has a post.
        return cleaned(call, body)

    return routes
