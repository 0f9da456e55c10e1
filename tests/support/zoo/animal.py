"""A hostile file with what it claims to be, and the register of all of them."""

from collections.abc import Callable
from dataclasses import dataclass

Make = Callable[[], bytes]
# What a file that reached the host would show: the zoo names no other secret.
SECRET_FILE = "/etc/passwd"
SECRET = b"root:x:0:0"


@dataclass(frozen=True)
class Animal:
    """One hostile file: `says` is a part of the sentence that refuses it."""

    name: str
    make: Make
    disk_format: str
    container_format: str
    says: str


HOSTILE: dict[str, Animal] = {}


def hostile(disk_format: str, says: str, *, container: str = "bare") -> Callable[[Make], Make]:
    """Put what the function makes into the zoo, under its name."""

    def enter(make: Make) -> Make:
        assert make.__name__ not in HOSTILE
        HOSTILE[make.__name__] = Animal(make.__name__, make, disk_format, container, says)
        return make

    return enter
