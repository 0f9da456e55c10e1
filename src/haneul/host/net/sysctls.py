"""Kernel settings of a network namespace."""

from contextlib import suppress
from pathlib import Path

from haneul.host.namespaces import Place, inside
from haneul.host.run import RunFailed

FOLDER = Path("/proc/sys/net")


def read_sysctl(key: str, place: Place | None = None) -> str | None:
    """A setting under net, by its path (`ipv4/ip_forward`); None if this kernel has none of that name."""
    with inside(place), suppress(OSError):
        return (FOLDER / key).read_text().strip()
    return None


def ensure_sysctl(key: str, value: str, place: Place | None = None) -> None:
    """Set what `read_sysctl` reads, if it is anything else; RunFailed if this machine doesn't allow it."""
    if read_sysctl(key, place) == value:
        return
    try:
        with inside(place):
            (FOLDER / key).write_text(value)
    except OSError as error:
        raise RunFailed(f"The kernel setting net/{key} can't be set to {value}: {error.strerror}.") from error


def ensure_no_ipv6(link: str, place: Place | None = None) -> None:
    """Keep the host itself out of what this link carries: no link-local address, no router advertisement heeded."""
    # A kernel without IPv6 has nothing to turn off.
    if read_sysctl(f"ipv6/conf/{link}/disable_ipv6", place) is not None:
        ensure_sysctl(f"ipv6/conf/{link}/disable_ipv6", "1", place)
