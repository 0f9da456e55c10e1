"""Asking at addresses that tenants name, within what the operator allows."""

from pathlib import Path

from haneul.host.net.fetch import Allowed, Fetcher, Limits
from haneul.kernel.config import ConfigError
from haneul.services.image.config import ImageSettings


def fetcher_of(settings: ImageSettings) -> Fetcher:
    """What fetches for web-download and for http stores; ConfigError for networks that are none."""
    fetch = settings.fetch
    try:
        allowed = Allowed(
            schemes=fetch.schemes,
            disallowed_schemes=fetch.disallowed_schemes,
            hosts=fetch.hosts,
            disallowed_hosts=fetch.disallowed_hosts,
            ports=fetch.ports,
            disallowed_ports=fetch.disallowed_ports,
            networks=fetch.networks,
        )
    except ValueError as error:
        raise ConfigError(f"[image.fetch] networks: {error}") from error
    limits = Limits(total_s=fetch.total_s, most_bytes=settings.most_bytes)
    return Fetcher(allowed, limits, authorities=Path(fetch.ca_file) if fetch.ca_file else None)
