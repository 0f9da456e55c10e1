from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Row, Table


class BlockDevice(Row):
    """A disk of a server, its local root included. `pci_slot` never changes: disks stay where the guest found them.

    `role` is `used`, or while a server is rebuilt `spare` (made, not plugged in yet) or `dropped` (to be deleted).
    """

    id: str
    server_id: str
    source_type: str
    destination_type: str
    image_id: str | None
    size_gb: int
    device_name: str
    bus: str
    boot_index: int | None
    pci_slot: int
    delete_on_termination: bool
    role: str = "used"


block_devices = Table(
    "compute_block_devices",
    Column("id", String(36), primary_key=True),
    Column("server_id", String(36), ForeignKey("compute_servers.id"), nullable=False),
    Column("source_type", String(16), nullable=False),
    Column("destination_type", String(16), nullable=False),
    Column("image_id", String(36)),
    Column("size_gb", Integer, nullable=False),
    Column("device_name", String(32), nullable=False),
    Column("bus", String(16), nullable=False),
    Column("boot_index", Integer),
    Column("pci_slot", Integer, nullable=False),
    Column("delete_on_termination", Boolean, nullable=False),
    Column("role", String(16), nullable=False, default="used"),
    Index("ix_compute_block_devices_server_id", "server_id", "pci_slot"),
)
