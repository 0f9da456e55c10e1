"""QEMU's command line from values: the machine, its disks and its sockets, every device in a fixed place."""

import json
from pathlib import Path
from typing import Literal

from msgspec import Struct

from haneul.host.hypervisor.facts import QEMU

SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
# Slots of our own devices. Slots 0 and 1 are the chipset's (0x1f on q35); 0x03 to 0x1b are for disks and ports.
VIDEO_SLOT = 0x02
CONFIG_DRIVE_SLOT = 0x1C
BALLOON_SLOT = 0x1D
RANDOM_SLOT = 0x1E
ROOT_BUS = {"pc": "pci.0", "q35": "pcie.0"}
MARK = "haneul"

Accelerator = Literal["tcg", "kvm"]


class Drive(Struct, frozen=True, kw_only=True):
    """One qcow2 file of a guest and where it is plugged in. A disc is a CD, on a SCSI bus whatever `bus` says."""

    path: Path
    bus: str
    pci_slot: int
    boot_index: int | None
    is_disc: bool = False


class Card(Struct, frozen=True, kw_only=True):
    """One network card; `descriptor` is its open tap."""

    mac: str
    mtu: int
    pci_slot: int
    descriptor: int


class Sockets(Struct, frozen=True, kw_only=True):
    """Where one guest listens: nothing of it is on TCP. QEMU is started in their folder and told their names only."""

    monitor: Path
    events: Path
    vnc: Path
    serial: Path


class Machine(Struct, frozen=True, kw_only=True):
    """One guest as QEMU is to run it. `mark` says whose it is, and stays readable in the command line. `incoming` is a
    descriptor of its saved memory."""

    mark: str
    uuid: str
    kind: str
    vcpus: int
    memory_mb: int
    drives: tuple[Drive, ...]
    sockets: Sockets
    console_log: Path
    accelerator: Accelerator
    translation_cache_mb: int
    cards: tuple[Card, ...] = ()
    config_drive: Path | None = None
    incoming: int | None = None


def guest_mark(cloud_id: str, guest_id: str) -> str:
    """The name that tells whose guest a QEMU process is."""
    return f"{MARK}:{cloud_id}:{guest_id}"


def command_line(machine: Machine) -> list[str]:
    """The whole command; the guest waits in `prelaunch` until it is told to go on."""
    return [
        QEMU,
        *("-name", machine.mark),
        *("-uuid", machine.uuid),
        *("-no-user-config", "-nodefaults", "-S", "-no-shutdown"),
        *("-sandbox", SANDBOX),
        *("-machine", f"{machine.kind},dump-guest-core=off,usb=off,vmport=off"),
        *("-accel", _accel(machine), "-cpu", "host" if machine.accelerator == "kvm" else "max"),
        *("-smp", f"{machine.vcpus},sockets={machine.vcpus},cores=1,threads=1"),
        *("-m", f"{machine.memory_mb}M"),
        *("-rtc", "base=utc", "-boot", "strict=on"),
        *("-smbios", _smbios(machine)),
        *("-display", "none", "-vnc", f"unix:{machine.sockets.vnc.name}"),
        *("-qmp", f"unix:{machine.sockets.monitor.name},server=on,wait=off"),
        *("-qmp", f"unix:{machine.sockets.events.name},server=on,wait=off"),
        *_serial(machine),
        *_own_devices(ROOT_BUS[machine.kind]),
        *(word for drive in machine.drives for word in _drive(drive, ROOT_BUS[machine.kind])),
        *(word for card in machine.cards for word in _card(card, ROOT_BUS[machine.kind])),
        *(_config_drive(machine.config_drive, ROOT_BUS[machine.kind]) if machine.config_drive else ()),
        *(() if machine.incoming is None else ("-incoming", f"fd:{machine.incoming}")),
    ]


def _accel(machine: Machine) -> str:
    return "kvm" if machine.accelerator == "kvm" else f"tcg,tb-size={machine.translation_cache_mb}"


def _smbios(machine: Machine) -> str:
    # cloud-init and others know an OpenStack guest by this product name.
    return f"type=1,manufacturer=haneul,product=OpenStack Nova,uuid={machine.uuid},family=Virtual Machine"


def _serial(machine: Machine) -> list[str]:
    # With logappend the log is opened with O_APPEND: cutting its head off while QEMU writes leaves no gap.
    path = str(machine.console_log).replace(",", ",,")
    log = f"logfile={path},logappend=on"
    socket = f"socket,id=serial0,path={machine.sockets.serial.name},server=on,wait=off"
    return ["-chardev", f"{socket},{log}", "-serial", "chardev:serial0"]


def _own_devices(bus: str) -> list[str]:
    return [
        *("-device", f"VGA,id=video,bus={bus},addr={VIDEO_SLOT:#x}"),
        *("-object", "rng-random,id=urandom,filename=/dev/urandom"),
        *("-device", f"virtio-rng-pci,id=random,rng=urandom,bus={bus},addr={RANDOM_SLOT:#x}"),
        *("-device", f"virtio-balloon-pci,id=balloon,bus={bus},addr={BALLOON_SLOT:#x}"),
    ]


def _drive(drive: Drive, bus: str) -> list[str]:
    # QEMU's node names hold 31 characters, so a disk's id can't be one; its slot is as lasting.
    node = f"disk-{drive.pci_slot:02x}"
    file = {"driver": "file", "filename": str(drive.path), "locking": "on"}
    backend = {"driver": "qcow2", "node-name": node, "discard": "unmap", "file": file, "read-only": drive.is_disc}
    boot = "" if drive.boot_index is None or drive.boot_index < 0 else f",bootindex={drive.boot_index}"
    place = f"bus={bus},addr={drive.pci_slot:#x}"
    return ["-blockdev", json.dumps(backend), *_disk_device(drive, node, place, boot)]


def _card(card: Card, bus: str) -> list[str]:
    device = ",".join(_words(card_device(card, bus)))
    return ["-netdev", f"tap,id={card_backend(card.pci_slot)},fd={card.descriptor}", "-device", device]


def _words(device: dict[str, str]) -> list[str]:
    return [value if name == "driver" else f"{name}={value}" for name, value in device.items()]


def card_backend(pci_slot: int) -> str:
    """The name of a card's way to its tap."""
    return f"net-{pci_slot:02x}"


def card_id(pci_slot: int) -> str:
    """The name of a card; slots are as lasting as ports, and shorter."""
    return f"nic-{pci_slot:02x}"


def card_device(card: Card, bus: str) -> dict[str, str]:
    """A card as QEMU's device. Without a ROM no firmware waits for a boot server."""
    return {
        "driver": "virtio-net-pci",
        "id": card_id(card.pci_slot),
        "netdev": card_backend(card.pci_slot),
        "mac": card.mac,
        "host_mtu": str(card.mtu),
        "romfile": "",
        "bus": bus,
        "addr": f"{card.pci_slot:#x}",
    }


def _config_drive(path: Path, bus: str) -> list[str]:
    # Read-only, and on virtio: firmware takes a FAT disk on IDE for one to boot from.
    file = {"driver": "file", "filename": str(path), "read-only": True}
    backend = {"driver": "raw", "node-name": "config-drive", "read-only": True, "file": file}
    device = f"virtio-blk-pci,id=config-drive,drive=config-drive,bus={bus},addr={CONFIG_DRIVE_SLOT:#x}"
    return ["-blockdev", json.dumps(backend), "-device", device]


def _disk_device(drive: Drive, node: str, place: str, boot: str) -> list[str]:
    if drive.bus == "scsi" or drive.is_disc:
        controller = f"virtio-scsi-pci,id=bus-{node},{place}"
        kind = "scsi-cd" if drive.is_disc else "scsi-hd"
        return ["-device", controller, "-device", f"{kind},id={node},bus=bus-{node}.0,drive={node}{boot}"]
    return ["-device", f"virtio-blk-pci,id={node},drive={node},{place}{boot}"]
