import msgspec


class ImageSettings(msgspec.Struct, frozen=True):
    """`driver`: where images lie (`file`). `most_bytes`: the largest file that may be uploaded. `upload_idle_s`: how
    long an upload may send nothing before it counts as broken off."""

    driver: str = "file"
    most_bytes: int = 1 << 40
    upload_idle_s: int = 900
