"""What a new cloud's compute holds. Sizes are the field's own; guests without KVM need 96 MB at least."""

from haneul.kernel.db import Db
from haneul.services.compute.flavors.logic import BY_ID, BY_NAME, create
from haneul.services.compute.flavors.schemas import FlavorCreate

# id, name, VCPUs, memory in MB, disk in GB
FLAVORS = (
    ("42", "m1.nano", 1, 128, 1),
    ("84", "m1.micro", 1, 192, 1),
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    ("5", "m1.xlarge", 8, 16384, 160),
)


def seed_flavors(db: Db) -> None:
    """Make the usual flavors where neither their id nor their name is taken. Repeatable."""
    for flavor_id, name, vcpus, memory_mb, disk_gb in FLAVORS:
        if db.one(BY_ID, id=flavor_id) is None and db.one(BY_NAME, name=name) is None:
            create(db, FlavorCreate(id=flavor_id, name=name, vcpus=vcpus, ram=memory_mb, disk=disk_gb))
