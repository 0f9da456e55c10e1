"""Fetching what an URL of a tenant names without being made a way into our own networks."""

from haneul.host.net.fetch.allowed import Allowed, check
from haneul.host.net.fetch.fetcher import Fetcher
from haneul.host.net.fetch.lines import Limits
from haneul.host.net.fetch.outcomes import FetchFailed, Missing, Refused
from haneul.host.net.fetch.responses import Response

__all__ = ["Allowed", "FetchFailed", "Fetcher", "Limits", "Missing", "Refused", "Response", "check"]
