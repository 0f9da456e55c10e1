from haneul.kernel.http import Call, Routes, Streamed
from haneul.kernel.http.replies import Raw
from haneul.services.image.files.downloads import DOWNLOAD, Downloads
from haneul.services.image.files.uploads import UPLOAD, Uploads


def routes_with(uploads: Uploads, downloads: Downloads) -> Routes:
    routes = Routes()

    @routes.put("/v2/images/{image_id}/file", rule=UPLOAD, status=204, transaction="none", body_limit=0)
    async def upload_file(call: Call, image_id: str) -> None:
        await uploads.take(call, image_id)

    @routes.put("/v2/images/{image_id}/stage", rule=UPLOAD, status=204, transaction="none", body_limit=0)
    async def stage_file(call: Call, image_id: str) -> None:
        await uploads.stage(call, image_id)

    @routes.get("/v2/images/{image_id}/file", rule=DOWNLOAD, transaction="none")
    async def download_file(call: Call, image_id: str) -> Streamed | Raw:
        return await downloads.answer(call, image_id)

    return routes
