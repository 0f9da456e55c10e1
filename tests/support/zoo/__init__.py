"""Hostile image files, one small function each, named after the advisory or the trick that it stands for."""

from tests.support.zoo import archives, bombs, others, polyglots, qcow2, vmdk
from tests.support.zoo.animal import HOSTILE, SECRET, Animal
from tests.support.zoo.bombs import BOMBS
from tests.support.zoo.disks import HONEST

ROOMS = (archives, bombs, others, polyglots, qcow2, vmdk)
__all__ = ["BOMBS", "HONEST", "HOSTILE", "ROOMS", "SECRET", "Animal"]
