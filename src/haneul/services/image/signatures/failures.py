"""How a signature fails, in the words of Glance and of cursive, the library by which Glance verifies."""

# Of what a tenant wrote, as much as is said back to him.
MOST_SAID_CHARS = 255


class Failed(Exception):
    """The signature can't be verified; the message is the reason."""


def unmade(reason: str) -> Failed:
    """There is nothing to verify with."""
    return Failed(f"Signature verification for the image failed: {reason}.")
