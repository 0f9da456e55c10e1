"""A tar archive's headers, one by one as they stream by: nothing is unpacked and nothing but headers is kept."""

import re

from haneul.host.disk.formats.sample import Unsafe

BLOCK = 512
USTAR = b"ustar"
USTAR_AT = 257
CHECKSUM = slice(148, 156)
MAX_MEMBERS = 100_000
MAX_NAMES = 64
MAX_PAX_BYTES = 64 * 1024
REGULAR = b"0\0007"
SPARSE = b"SD"
PAX = b"x"
# Their bodies are long names and attributes of what follows (POSIX.1-2001 pax, GNU tar).
ABOUT_NEXT = b"xgLKXVNM"
WITHOUT_BODY = b"123456"
PAX_SIZE = re.compile(rb"(?:^|\n)\d+ size=(\d{1,19})(?=\n)")
ZEROS = bytes(BLOCK)


def is_header(block: bytes) -> bool:
    """Say whether a block is a member's header: its checksum is right, as every tar program checks."""
    if len(block) < BLOCK or block == ZEROS:
        return False
    told = octal(block[CHECKSUM])
    return told is not None and told == sum(block) - sum(block[CHECKSUM]) + 8 * 32


def octal(field: bytes) -> int | None:
    """Return the number in a field of octal digits, or of GNU's base-256; None if it is neither."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if field[0] == 0x80 else None
    digits = field.strip(b" \0")
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else None


class TarScan:
    """Walks an archive that is fed in chunks of any length; `names` are those of its first regular members."""

    def __init__(self) -> None:
        self.members = 0
        self.names: list[str] = []
        self._block = bytearray()
        self._skip = 0
        self._pax = bytearray()
        self._pax_missing = 0
        self._next_size: int | None = None
        self._ended = False
        self._wrong: str | None = None

    def feed(self, view: memoryview) -> None:
        """Take the next bytes; what is no archive costs nothing after its first block."""
        at = 0
        while at < len(view) and self._wrong is None:
            at += self._step(view[at:])

    def finish(self) -> None:
        """Unsafe, with the reason, if what was fed is no whole archive."""
        if self._wrong is None and (self._skip or self._block or not self.members):
            self._wrong = "it ends in the middle"
        if self._wrong is not None:
            raise Unsafe(f"The file is not a tar archive that can be used: {self._wrong}.")

    def _step(self, view: memoryview) -> int:
        if self._ended:
            return self._over_the_rest(view)
        if self._skip:
            return self._over_a_body(view)
        taken = min(BLOCK - len(self._block), len(view))
        self._block += view[:taken]
        if len(self._block) == BLOCK:
            block = bytes(self._block)
            self._block.clear()
            self._header(block)
        return taken

    def _over_the_rest(self, view: memoryview) -> int:
        if bytes(view).strip(b"\0"):
            self._wrong = "more follows behind its end"
        return len(view)

    def _over_a_body(self, view: memoryview) -> int:
        taken = min(self._skip, len(view))
        self._skip -= taken
        if self._pax_missing:
            part = view[: min(taken, self._pax_missing)]
            self._pax += part
            self._pax_missing -= len(part)
            if not self._pax_missing:
                self._read_pax()
        return taken

    def _read_pax(self) -> None:
        # A size that a number of ustar cannot hold stands here, and counts in place of the header's.
        sizes = PAX_SIZE.findall(self._pax)
        self._next_size = int(sizes[-1]) if sizes else self._next_size
        self._pax.clear()

    def _header(self, block: bytes) -> None:
        if block == ZEROS and self.members:
            self._ended = True
            return
        size = octal(block[124:136]) if block[124:136].strip(b" \0") else 0
        kind = block[156:157]
        if not is_header(block):
            self._wrong = "a member's header is damaged"
        elif size is None or size >= 1 << 63:
            self._wrong = "a member's size makes no sense"
        elif kind in SPARSE:
            self._wrong = "it has members with holes"
        elif self.members >= MAX_MEMBERS:
            self._wrong = f"it has more than {MAX_MEMBERS} members"
        else:
            self._member(block, kind, size)

    def _member(self, block: bytes, kind: bytes, size: int) -> None:
        self.members += 1
        if kind == PAX:
            if size > MAX_PAX_BYTES:
                self._wrong = "what it tells of a member is longer than any real archive tells"
            self._pax_missing = min(size, MAX_PAX_BYTES)
        elif kind not in ABOUT_NEXT:
            size = self._next_size if self._next_size is not None else size
            self._next_size = None
            self._remember(block, kind)
        self._skip = 0 if kind in WITHOUT_BODY else -(-size // BLOCK) * BLOCK

    def _remember(self, block: bytes, kind: bytes) -> None:
        if kind in REGULAR and len(self.names) < MAX_NAMES:
            self.names.append(block[:100].partition(b"\0")[0].decode("latin-1"))
