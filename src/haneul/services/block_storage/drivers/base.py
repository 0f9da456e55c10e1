"""What a back end of volumes is: plain values, and the verbs every driver keeps (all pass one contract test)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

GIB = 1 << 30


class Refused(Exception):
    """The back end can't make the plan true; the message is a sentence for the user."""


class Source(Struct, frozen=True, kw_only=True):
    """What a volume's first contents are: an image's by its id, or those of a volume or a snapshot of this back end.

    A snapshot's `volume_id` is the volume that it is of.
    """

    kind: Literal["image", "volume", "snapshot"]
    id: str
    volume_id: str = ""


class RevertPlan(Struct, frozen=True, kw_only=True):
    """Give the volume the contents of its snapshot again, once: `id` tells this time from every other."""

    id: str
    snapshot_id: str


class VolumePlan(Struct, frozen=True, kw_only=True):
    """What one volume should be. `generation` grows with every change of what is wanted, by the request named.

    `snapshots` are the ids of those that it is to have. `dropped_snapshots` names those that it had and must lose: none
    goes because a plan merely lacks it. `revert_to` is done before new snapshots are made.
    """

    id: str
    generation: int
    backend: str
    size_gb: int
    source: Source | None = None
    snapshots: tuple[str, ...] = ()
    dropped_snapshots: tuple[str, ...] = ()
    revert_to: RevertPlan | None = None
    request_id: str = ""


class VolumeState(Struct, frozen=True, kw_only=True):
    """What one volume is. `generation` is the plan's generation that the driver last made true."""

    id: str
    generation: int
    size_gb: int
    snapshots: tuple[str, ...] = ()


class PoolFacts(Struct, frozen=True, kw_only=True):
    """What one pool of a back end offers, in GiB."""

    name: str
    total_gb: float
    free_gb: float
    protocol: str
    is_thin: bool = True
    vendor: str = "haneul"


class ImageFacts(Struct, frozen=True, kw_only=True):
    """An image as a back end needs to know it before its bytes; sizes in bytes."""

    id: str
    disk_format: str
    size: int
    hash_name: str | None
    hash: str | None
    virtual_size: int


class ImageSource(Protocol):
    """Where a back end gets image bytes: never a shared folder."""

    def facts(self, image_id: str) -> ImageFacts: ...
    def chunks(self, image_id: str) -> Iterator[bytes]: ...


def pass_by(_step: str) -> None:
    """A stop point where nobody stops."""


class DriverSettings(Struct, frozen=True, kw_only=True):
    """What a driver is opened with: `folder` is its own; `reached` is told of each step, for tests that kill there."""

    cloud_id: str
    backend: str
    folder: Path
    options: Mapping[str, str] = {}
    images: ImageSource
    reached: Callable[[str], None] = pass_by


class VolumeDriver(Protocol):
    """Volumes of one cloud in one back end of this host. Every verb is repeatable and may wait: call it in threads."""

    def pools(self) -> Sequence[PoolFacts]:
        """What there is room for; Refused with a sentence while the back end can't be used."""
        ...

    def list_volumes(self) -> Sequence[VolumeState]:
        """Only volumes that carry this cloud's id, whatever else lies here."""
        ...

    def ensure_volume(self, plan: VolumePlan) -> None:
        """Make the volume of its source, bring it to its size, make and drop snapshots, remember the generation.

        Refused for a snapshot that was made and is there no more: a new one would have other contents.
        """
        ...

    def remove_volume(self, volume_id: str) -> None:
        """Delete the volume with its snapshots, so that nobody reads its blocks again; an absent one is no error."""
        ...

    def recover(self) -> None:
        """After a restart: clear what half-made work left."""
        ...
