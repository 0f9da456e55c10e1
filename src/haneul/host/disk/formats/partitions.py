"""Partition tables at the beginning of a disk (UEFI 2.10, 5.2 and 5.3), read only as far as they must make sense."""

from haneul.host.disk.formats.sample import Sample, Unsafe

SIGNATURE = b"\x55\xaa"
SIGNATURE_AT = 510
ENTRIES_AT = range(446, 510, 16)
BOOT_FLAGS = (0x00, 0x80)
PROTECTIVE = 0xEE
PROTECTIVE_START = b"\x00\x02\x00"
# A FAT file system's first sector has the same signature and other fields in place of the table.
FAT_COUNT_AT, FAT_COUNT = 0x10, 2
FAT_MEDIA_AT, FAT_MEDIA = 0x15, 0xF8
GPT_NAME = b"EFI PART"
GPT_AT = (512, 4096)


def has_gpt(sample: Sample) -> bool:
    """Say whether this is a disk with a GUID partition table."""
    return any(sample.starts_with(GPT_NAME, at) for at in GPT_AT)


def has_mbr(sample: Sample) -> bool:
    """Say whether the first sector is a boot record with a partition table, not a FAT file system's."""
    if not sample.starts_with(SIGNATURE, SIGNATURE_AT):
        return False
    return not (sample.head[FAT_COUNT_AT] == FAT_COUNT and sample.head[FAT_MEDIA_AT] == FAT_MEDIA)


def entries(sample: Sample) -> list[bytes]:
    """Return the four entries of the boot record's table, 16 bytes each."""
    return [sample.head[at : at + 16] for at in ENTRIES_AT]


def is_partitioned(sample: Sample) -> bool:
    """Say whether the file has a partition table of either kind with something in it."""
    return has_gpt(sample) or (has_mbr(sample) and any(entry[4] for entry in entries(sample)))


def refuse_senseless(sample: Sample) -> None:
    """Refuse a boot record whose table cannot be one: Glance refuses the same (its check `mbr`)."""
    if not has_mbr(sample):
        return
    table = entries(sample)
    used = [place for place, entry in enumerate(table) if entry[4]]
    if any(entry[0] not in BOOT_FLAGS for entry in table) or not used:
        raise Unsafe("The disk's partition table makes no sense: it has no partition, or a flag that does not exist.")
    protective = [entry for entry in table if entry[4] == PROTECTIVE]
    if protective and (used != [0] or not is_protective(protective[0])):
        raise Unsafe("The disk's protective boot record is not as the GUID partition table wants it.")


def is_protective(entry: bytes) -> bool:
    """Say whether an entry begins where the GUID partition table does."""
    return entry[1:4] == PROTECTIVE_START and int.from_bytes(entry[8:12], "little") == 1
