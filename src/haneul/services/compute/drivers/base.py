"""What a hypervisor driver is: plain values and the verbs every driver keeps (fake and real pass one contract test)."""

import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal, Protocol

from msgspec import Struct

NO_SCREEN = "The server {id} does not run on this host, so it has no screen."
NO_SNAPSHOT = "The host has no such snapshot of the server {id}."
CANNOT_LET_GO = "A guest that is paused can't let go of a network card: unpause the server first."

Power = Literal["running", "stopped", "paused", "suspended"]
State = Literal["running", "stopped", "paused", "suspended", "crashed"]


class DiskPlan(Struct, frozen=True, kw_only=True):
    """One disk of a guest, as its block-device row says. `id` is the row's id."""

    id: str
    image_id: str | None = None
    size_gb: int
    bus: str = "virtio"
    boot_index: int | None = None
    pci_slot: int


class NicPlan(Struct, frozen=True, kw_only=True):
    """One NIC of a guest. `id` is its port's; `device` the tap that the network joins to the port's network."""

    id: str
    mac: str
    mtu: int
    device: str
    pci_slot: int


class GuestFile(Struct, frozen=True):
    """A file of a guest's config drive: `content` may hold the user's secrets."""

    path: str
    content: bytes


class VerbPlan(Struct, frozen=True, kw_only=True):
    """A thing to do once: the driver remembers on disk which ids it has done.

    `snapshot` keeps a copy of the root disk as it is at that moment under the verb's id, `forget-snapshot` deletes the
    one that `target` names.
    """

    id: str
    verb: Literal["reboot-soft", "reboot-hard", "snapshot", "forget-snapshot"]
    target: str = ""


class GuestPlan(Struct, frozen=True, kw_only=True):
    """What one guest should be. `generation` grows with every change of what is wanted, by the request named.

    Without files there is no config drive. `spare_disks` are to be there, but not plugged in. `dropped_disks` names
    disks that the guest had and must lose, ending a process that has one: no disk goes because a plan merely lacks it.
    """

    id: str
    generation: int
    name: str
    vcpus: int
    memory_mb: int
    machine: str = "pc"
    disks: tuple[DiskPlan, ...] = ()
    spare_disks: tuple[DiskPlan, ...] = ()
    dropped_disks: tuple[str, ...] = ()
    nics: tuple[NicPlan, ...] = ()
    power: Power = "running"
    verbs: tuple[VerbPlan, ...] = ()
    config_drive: tuple[GuestFile, ...] = ()
    request_id: str = ""


class GuestState(Struct, frozen=True, kw_only=True):
    """What one guest is. `generation` is the plan's generation that the driver last made true."""

    id: str
    generation: int
    state: State
    verbs_done: tuple[str, ...] = ()


class HostFacts(Struct, frozen=True, kw_only=True):
    """What a host offers. `hypervisor_version` is the field's integer form: 7.2.0 is 7002000.

    `booted_at`, in seconds since the epoch, and `load`, over 1, 5 and 15 minutes, are the agent's to fill in.
    """

    vcpus: int
    memory_mb: int
    disk_gb: int
    architecture: str
    hypervisor_type: str
    hypervisor_version: int
    accelerator: Literal["kvm", "tcg", "fake"]
    cpu_model: str
    default_machine: str
    booted_at: float = 0.0
    load: list[float] = []


class ImageFacts(Struct, frozen=True, kw_only=True):
    """An image as a host needs to know it before its bytes. `hash`, by `hash_name`, is None for one without."""

    id: str
    disk_format: str
    size: int
    hash_name: str | None
    hash: str | None
    virtual_size: int


class ImageSource(Protocol):
    """Where a host gets image bytes: never a shared folder."""

    def facts(self, image_id: str) -> ImageFacts: ...
    def chunks(self, image_id: str) -> Iterator[bytes]: ...


class Refused(Exception):
    """The driver can't make the plan true; the message is a sentence for the user."""


class HypervisorDriver(Protocol):
    """Guests of one cloud on this host. Every verb is repeatable; `remove_guest` of an absent guest does nothing."""

    def host_facts(self) -> HostFacts: ...
    def list_guests(self, ids: Collection[str] = ()) -> Sequence[GuestState]:
        """Only guests that carry this cloud's id, whatever else runs here; of these ids where some are named."""
        ...

    def ensure_guest(self, plan: GuestPlan) -> None:
        """Make disks and definition, bring power and cards to what is wanted, do new verbs, remember the generation."""
        ...

    def remove_guest(self, guest_id: str) -> None:
        """End the guest and delete its disks, logs and sockets."""
        ...

    def keep_image(self, image_id: str) -> None:
        """Have an image here before a guest needs it; Refused if there is no room, or no guest could be made of it."""
        ...

    def console_tail(self, guest_id: str, lines: int | None) -> str:
        """The last lines of the serial log (all that is kept for None)."""
        ...

    def read_snapshot(self, guest_id: str, snapshot_id: str, offset: int, length: int) -> bytes:
        """A part of a copy of the guest's root disk (qcow2), none at its end; Refused if there is none."""
        ...

    def open_screen(self, guest_id: str) -> socket.socket:
        """A new connection that speaks RFB with the guest's screen; Refused if the guest does not run here."""
        ...

    def on_down(self, went_down: Callable[[str], None]) -> None:
        """Call the function with a guest's id soon after the guest went down by itself; register before `recover`."""
        ...

    def recover(self) -> None:
        """After a restart: adopt what runs, clear what half-made work left."""
        ...

    def close(self) -> None:
        """Stop the driver's own threads; guests go on."""
        ...
