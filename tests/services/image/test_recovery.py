"""What a crash leaves of uploads and deletions is put right at the next start."""

import pytest
from tests.services.image.shelf import create, files, show, store_folder, upload, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.services.image.files import logic as uploads
from haneul.services.image.files.upkeep import recover
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations.deletions import due
from haneul.services.image.locations.logic import Place, new_key
from haneul.services.image.locations.models import ACTIVE, STAGED


def claimed(cloud: RunningCloud, admin: Client, wanted: str = ACTIVE) -> tuple[str, str]:
    """An image whose upload has begun, and the key of its bytes."""
    image_id = create(admin)["id"]
    key = new_key(image_id)
    backends = cloud.cloud.images.backends
    store = backends.staging if wanted == STAGED else backends.default

    def begin(db: Db) -> None:
        image = db.one(BY_ID, id=image_id)
        assert image is not None
        uploads.claim(db, image, Place(store.name, key), wanted)

    cloud.cloud.store.write(begin)
    return image_id, key


def again(cloud: RunningCloud) -> None:
    recover(cloud.cloud.store, cloud.cloud.images.backends)


@pytest.mark.parametrize("wanted", [ACTIVE, STAGED])
@pytest.mark.parametrize("ending", ["", ".part", None])
def test_an_upload_whose_process_died_may_begin_again(
    cloud: RunningCloud, admin: Client, ending: str | None, wanted: str
) -> None:
    image_id, key = claimed(cloud, admin, wanted)
    folder = store_folder(cloud, "os_glance_staging_store" if wanted == STAGED else "file")
    if ending is not None:
        (folder / f"{key}{ending}").write_bytes(b"half")
    again(cloud)
    assert show(admin, image_id)["status"] == "queued"
    assert not [path for path in folder.iterdir() if path.name.startswith(image_id)]
    assert upload(admin, image_id, b"whole").status_code == 204


def test_an_upload_that_lives_is_left_alone(cloud: RunningCloud, admin: Client) -> None:
    image_id, key = claimed(cloud, admin)
    draft = cloud.cloud.images.backends.default.store.open_draft(key)
    draft.write(b"half")
    again(cloud)
    assert show(admin, image_id)["status"] == "saving"
    draft.keep()
    again(cloud)
    assert show(admin, image_id)["status"] == "saving"
    assert key in files(cloud)
    draft.discard()
    again(cloud)
    assert show(admin, image_id)["status"] == "queued"


def test_a_draft_that_no_image_waits_for_goes(cloud: RunningCloud) -> None:
    (store_folder(cloud) / "nobody.part").write_bytes(b"half")
    again(cloud)
    assert "nobody.part" not in files(cloud)


def test_bytes_of_a_deleted_image_go(cloud: RunningCloud, admin: Client) -> None:
    image_id = uploaded(admin)["id"]

    def delete(db: Db) -> None:
        image = db.one(BY_ID, id=image_id)
        assert image is not None
        uploads.remove(db, image, 0)

    cloud.cloud.store.write(delete)
    assert [name for name in files(cloud) if name.startswith(image_id)]
    again(cloud)
    assert not [name for name in files(cloud) if name.startswith(image_id)]
    assert cloud.cloud.store.read(lambda db: due(db, now())) == []


def test_bytes_that_no_row_speaks_of_stay(cloud: RunningCloud) -> None:
    (store_folder(cloud) / "of-another-database").write_bytes(b"precious")
    again(cloud)
    assert "of-another-database" in files(cloud)
