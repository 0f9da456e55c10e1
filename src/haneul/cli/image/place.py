"""The images of the cloud that a command works on: its database, and its stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from haneul.cli.failures import Failure
from haneul.cli.identity.place import database, worked_on
from haneul.cli.tree.layout import Layout
from haneul.kernel.config import ConfigError

if TYPE_CHECKING:
    from haneul.kernel.db import Store
    from haneul.services.image.stores.backends import Backends


class Images(Struct, frozen=True):
    """A cloud's rows and its stores of image bytes."""

    store: "Store"
    backends: "Backends"


@contextmanager
def images_of(layout: Layout) -> Iterator[Images]:
    """Open both, as the account that owns them; Failure for stores that can't be opened."""
    from haneul.services.image.config import ImageSettings
    from haneul.services.image.stores.backends import open_backends
    from haneul.services.image.stores.fetching import fetcher_of

    with worked_on(layout) as place, database(place) as store:
        try:
            settings = place.sections.section("image", ImageSettings)
            backends = open_backends(settings, layout.control / "images", fetcher_of(settings))
        except ConfigError as error:
            raise Failure(str(error), "Correct it in haneul.toml or in the HANEUL_ variable.") from error
        yield Images(store, backends)
