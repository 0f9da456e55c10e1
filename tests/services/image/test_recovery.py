"""What a crash leaves of uploads and deletions is put right at the next start."""

from pathlib import Path

import pytest
from tests.services.image.shelf import create, files, show, upload, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.db import Db
from haneul.services.image.files import logic as uploads
from haneul.services.image.files.recovery import recover
from haneul.services.image.images import logic
from haneul.services.image.images.models import ImageRow
from haneul.services.image.images.queries import BY_ID


def claimed(cloud: RunningCloud, admin: Client) -> tuple[ImageRow, str]:
    """An image whose upload has begun, and the key of its bytes."""
    image_id = create(admin)["id"]
    key = uploads.new_store_key(image_id)

    def begin(db: Db) -> ImageRow:
        row = db.one(BY_ID, id=image_id)
        assert row is not None
        uploads.claim(db, row, key)
        return row

    return cloud.cloud.store.write(begin), key


def folder(cloud: RunningCloud) -> Path:
    return cloud.cloud.wanted.state / "control" / "images"


@pytest.mark.parametrize("ending", ["", ".part", None])
def test_an_upload_whose_process_died_may_begin_again(cloud: RunningCloud, admin: Client, ending: str | None) -> None:
    row, key = claimed(cloud, admin)
    if ending is not None:
        (folder(cloud) / f"{key}{ending}").write_bytes(b"half")
    recover(cloud.cloud.store, cloud.cloud.images)
    assert show(admin, row.id)["status"] == "queued"
    assert not [name for name in files(cloud) if name.startswith(row.id)]
    assert upload(admin, row.id, b"whole").status_code == 204


def test_an_upload_that_lives_is_left_alone(cloud: RunningCloud, admin: Client) -> None:
    row, key = claimed(cloud, admin)
    draft = cloud.cloud.images.open_draft(key)
    draft.write(b"half")
    recover(cloud.cloud.store, cloud.cloud.images)
    assert show(admin, row.id)["status"] == "saving"
    draft.keep()
    recover(cloud.cloud.store, cloud.cloud.images)
    assert show(admin, row.id)["status"] == "saving"
    assert key in files(cloud)
    draft.discard()
    recover(cloud.cloud.store, cloud.cloud.images)
    assert show(admin, row.id)["status"] == "queued"


def test_a_draft_that_no_image_waits_for_goes(cloud: RunningCloud) -> None:
    (folder(cloud) / "nobody.part").write_bytes(b"half")
    recover(cloud.cloud.store, cloud.cloud.images)
    assert "nobody.part" not in files(cloud)


def test_bytes_of_a_deleted_image_go(cloud: RunningCloud, admin: Client) -> None:
    image_id = uploaded(admin)["id"]

    def delete(db: Db) -> str | None:
        row = db.one(BY_ID, id=image_id)
        assert row is not None
        return logic.delete(db, row)

    key = cloud.cloud.store.write(delete)
    assert key in files(cloud)
    recover(cloud.cloud.store, cloud.cloud.images)
    assert key not in files(cloud)
    assert cloud.cloud.store.read(uploads.condemned) == []


def test_bytes_that_no_row_speaks_of_stay(cloud: RunningCloud) -> None:
    (folder(cloud) / "of-another-database").write_bytes(b"precious")
    recover(cloud.cloud.store, cloud.cloud.images)
    assert "of-another-database" in files(cloud)
