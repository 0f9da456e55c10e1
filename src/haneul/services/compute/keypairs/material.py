import msgspec


class Material(msgspec.Struct, frozen=True):
    """A key's public half with its fingerprint; the private half only of a key that was made just now."""

    type: str
    public_key: str
    fingerprint: str
    private_key: str = ""
