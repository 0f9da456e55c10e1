"""A CD that boots (ISO 9660 with El Torito) and says so on the serial port."""

import struct

SECTOR = 2048
WORDS = b"booted from a CD\r\n"
PORT, LOADED_AT, CODE_BYTES = 0x3F8, 0x7C00, 23


def disc() -> bytes:
    """The whole image: descriptors, a boot catalog with one entry, and the code that it names."""
    primary = b"\x01CD001\x01".ljust(80, b"\0") + struct.pack("<I", 21) + struct.pack(">I", 21)
    boots = b"\0CD001\x01" + b"EL TORITO SPECIFICATION".ljust(64, b"\0") + struct.pack("<I", 19)
    sectors = [primary, boots, b"\xffCD001\x01", _catalog(), _code()]
    return bytes(16 * SECTOR) + b"".join(sector.ljust(SECTOR, b"\0") for sector in sectors)


def _catalog() -> bytes:
    def entry(checksum: int) -> bytes:
        return struct.pack("<BBH24sHBB", 1, 0, 0, b"", checksum, 0x55, 0xAA)

    total = sum(struct.unpack("<16H", entry(0)))
    return entry(-total & 0xFFFF) + struct.pack("<BBHBBHI", 0x88, 0, 0, 0, 0, 4, 20)


def _code() -> bytes:
    """Each byte of the words to the port, then nothing for ever."""
    begin = b"\xfa\x31\xc0\x8e\xd8\xfc" + struct.pack("<BHBH", 0xBA, PORT, 0xBE, LOADED_AT + CODE_BYTES)
    return begin + b"\xac\x84\xc0\x74\x03\xee\xeb\xf8" + b"\xf4\xeb\xfd" + WORDS + b"\0"
