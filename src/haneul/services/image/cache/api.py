from functools import partial
from typing import Any

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.http.replies import Raw
from haneul.kernel.policy import Rule
from haneul.services.image.cache import logic
from haneul.services.image.cache.cache import ByteCache
from haneul.services.image.images import access
from haneul.services.image.images.models import Image

ADMIN = "rule:context_is_admin"
LIST = Rule("cache_list", ADMIN, "Show which images are cached, and which are to be.")
QUEUE = Rule("cache_image", ADMIN, "Have an image cached.")
DELETE = Rule("cache_delete", ADMIN, "Delete images from the cache and its queue.")
CLEAN = Rule("cache_clean", ADMIN, "Delete what was left of images that could not be cached.")
PRUNE = Rule("cache_prune", ADMIN, "Delete cached images until they take no more room than they may.")
NODES = Rule("list_cached_nodes", ADMIN, "List the hosts that have an image cached.")
COLLECTION = "/v2/cache"
ONE = COLLECTION + "/{image_id}"
TARGETS = ("", "cache", "queue")


def routes_with(cache: ByteCache | None) -> Routes:
    """The routes of this host's cache; with none they refuse."""
    routes = Routes()

    def there() -> ByteCache:
        if cache is None:
            raise NotFound("Caching via API is not supported at this site.")
        return cache

    @routes.get(COLLECTION, rule=LIST, transaction="none")
    async def get_cache(call: Call) -> dict[str, Any]:
        call.enforce()
        return await call.in_thread(partial(_state, there()))

    @routes.delete(COLLECTION, rule=DELETE, transaction="none")
    async def clear_cache(call: Call) -> None:
        call.enforce()
        found, target = there(), (call.header("x-image-cache-clear-target") or "").lower()
        _refuse_other(target)
        if target != "queue":
            await call.in_thread(found.drop_all)
        if target != "cache":
            await call.in_thread(found.clear_queue)

    @routes.put(ONE, rule=QUEUE, status=202, transaction="none")
    async def queue_image(call: Call, image_id: str) -> None:
        def wanted(db: Db) -> Image:
            image = logic.found(db, image_id, access.viewer(call))
            if image is None:
                raise logic.missing(image_id)
            call.enforce(image)
            there()
            logic.refuse_inactive(image)
            return image

        image = await call.transaction(wanted, writes=False)
        await call.in_thread(partial(there().enqueue, image.id))

    @routes.delete(ONE, rule=DELETE, transaction="none")
    async def delete_cached_image(call: Call, image_id: str) -> None:
        image = await call.transaction(
            lambda db: logic.found(db, image_id, access.viewer(call)),
            writes=False,
        )
        is_known = cache is not None and await call.in_thread(partial(cache.knows, image_id))
        if image is None and not is_known:
            raise logic.missing(image_id)
        call.enforce(image)
        await call.in_thread(partial(there().forget, image_id))

    @routes.post(COLLECTION + "/clean", rule=CLEAN, status=200, transaction="none")
    async def clean_cache(call: Call) -> Raw:
        call.enforce()
        await call.in_thread(there().clean)
        return Raw(body=b"", content_type="")

    @routes.post(COLLECTION + "/prune", rule=PRUNE, status=200, transaction="none")
    async def prune_cache(call: Call) -> dict[str, int]:
        call.enforce()
        pruned = await call.in_thread(there().prune)
        return {"total_files_pruned": pruned.files, "total_bytes_pruned": pruned.bytes}

    @routes.get(COLLECTION + "/nodes/{image_id}", rule=NODES)
    def list_cached_nodes(call: Call, image_id: str) -> list[str]:
        call.enforce()
        there()
        raise Conflict("Centralized caching is not enabled")

    return routes


def _state(cache: ByteCache) -> dict[str, Any]:
    return {
        "cached_images": [msgspec.to_builtins(one) for one in cache.list_()],
        "queued_images": cache.shelf.queued(),
    }


def _refuse_other(target: str) -> None:
    if target not in TARGETS:
        raise BadRequest("If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string.")
