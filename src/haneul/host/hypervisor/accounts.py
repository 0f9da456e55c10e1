"""Uids for guests: each cloud has a block of its own, far from people and containers, and each guest one uid in it."""

import hashlib
import secrets
from collections.abc import Container

# The top of the range that systemd's table of uids leaves to nobody.
FIRST_UID = 0x70000000
BLOCK_UIDS = 8192
BLOCKS = (0x7FFF0000 - FIRST_UID) // BLOCK_UIDS


class AllTaken(Exception):
    """Every uid of the cloud's block is a guest's."""


class Accounts:
    """The uids of one cloud. What is taken is asked from the disk and the kernel each time, so nothing can get lost."""

    def __init__(self, cloud_id: str) -> None:
        digest = hashlib.sha256(cloud_id.encode()).digest()
        self._first = FIRST_UID + int.from_bytes(digest[:8], "big") % BLOCKS * BLOCK_UIDS

    @property
    def for_images(self) -> int:
        """Who reads images of unknown origin: no guest, and owner of nothing."""
        return self._first

    @property
    def for_probe(self) -> int:
        """Who runs the accelerator's probe."""
        return self._first + 1

    def owns(self, uid: int) -> bool:
        """Whether a uid is of this cloud's block."""
        return self._first <= uid < self._first + BLOCK_UIDS

    def free_uid(self, taken: Container[int]) -> int:
        """A uid for a guest that is not in `taken`; AllTaken if there is none.

        Any of them: two agents of one cloud on this machine, who can't see each other's records, then hardly ever give
        the same one.
        """
        uids = range(self._first + 2, self._first + BLOCK_UIDS)
        begin = secrets.randbelow(len(uids))
        for index in range(len(uids)):
            if (uid := uids[(begin + index) % len(uids)]) not in taken:
                return uid
        raise AllTaken(f"All {BLOCK_UIDS - 2} accounts for guests of this cloud on this host are taken.")
