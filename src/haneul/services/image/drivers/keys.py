"""What may be a key of image bytes."""


def checked(key: str) -> str:
    """The key itself; ValueError for one that could lead to another place than a store's own."""
    if not key or key.startswith(".") or "/" in key or "\0" in key:
        raise ValueError(f"{key!r} can't be the name of an image's file.")
    return key
