"""The checksum of VHDX (CRC-32C, RFC 3720 appendix B.4)."""

POLYNOMIAL = 0x82F63B78


def _entry(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (POLYNOMIAL if number & 1 else 0)
    return number


TABLE = tuple(_entry(number) for number in range(256))


def crc32c(content: bytes) -> int:
    """Return the checksum of a few KiB; more would take long."""
    remainder = 0xFFFFFFFF
    for byte in content:
        remainder = remainder >> 8 ^ TABLE[(remainder ^ byte) & 0xFF]
    return remainder ^ 0xFFFFFFFF
