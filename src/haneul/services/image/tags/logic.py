from msgspec.structs import replace

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotFound, OverQuota
from haneul.services.image.images.logic import save
from haneul.services.image.images.models import Image

LONGEST = 255


def add(db: Db, image: Image, tag: str) -> None:
    """Put a tag on an image; one that it carries already is no error. OverQuota for more than it may carry."""
    if len(tag) > LONGEST:
        raise BadRequest(
            "Provided object does not match schema 'image': tags: Expected `str` of length <= {most}.", most=LONGEST
        )
    if tag in image.tags:
        return
    try:
        save(db, image, replace(image, tags=sorted([*image.tags, tag])))
    except OverQuota as over:
        raise OverQuota("Image tag limit exceeded for image {id}: {over}:", id=image.id, over=str(over)) from None


def remove(db: Db, image: Image, tag: str) -> None:
    """Take a tag off; NotFound if the image doesn't carry it."""
    if tag not in image.tags:
        raise NotFound("The resource could not be found.")
    save(db, image, replace(image, tags=[one for one in image.tags if one != tag]))
