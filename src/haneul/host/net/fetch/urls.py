"""URLs in the strict form in which every reader of them sees the same host and port (RFC 3986, IDNA 2003 for names)."""

import ipaddress
import re
from urllib.parse import quote

from msgspec import Struct

from haneul.host.net.fetch.outcomes import Refused

PORTS = {"http": 80, "https": 443}
MOST_CHARS, MOST_NAME_CHARS = 8192, 253
# What some readers strip, some take for a separator and some for a part of the host.
AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff\ud800-\udfff]")
SPLIT = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.ASCII)
AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:@%\[\]]+))(?::([1-9][0-9]{0,4}))?", re.IGNORECASE | re.ASCII)
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
UNQUOTED = "/?%:@!$&'()*+,;=~[]"
MALFORMED = "The URL is malformed."


class Url(Struct, frozen=True):
    """Where to ask for what: `host` is a name or an address in its plain form, `target` the path with the query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host and, where it isn't the scheme's own, the port, as a Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse(text: str) -> Url:
    """The URL in its parts, without its fragment; Refused for what isn't http(s) or could be read in two ways."""
    found = None if len(text) > MOST_CHARS or AMBIGUOUS.search(text) else SPLIT.fullmatch(text)
    if not found:
        raise Refused(MALFORMED)
    scheme, authority, path, query = found.groups()
    if scheme.lower() not in PORTS:
        raise Refused("Only http and https URLs can be fetched.")
    parts = AUTHORITY.fullmatch(authority)
    if not parts:
        raise Refused(MALFORMED)
    address, name, port = parts.groups()
    host = _address(address) if address else _host(name)
    if port and int(port) > 65535:
        raise Refused(MALFORMED)
    target = quote((path or "/") + (query or ""), safe=UNQUOTED)
    return Url(scheme.lower(), host, int(port) if port else PORTS[scheme.lower()], target)


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise Refused(MALFORMED) from None


def _host(text: str) -> str:
    try:
        host = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise Refused(MALFORMED) from None
    labels = host.split(".")
    if len(host) > MOST_NAME_CHARS or not all(LABEL.fullmatch(label) for label in labels):
        raise Refused(MALFORMED)
    # Resolvers take 2130706433, 0x7f.1 and 0177.0.0.1 for addresses; only the form that all read alike is taken here.
    return _dotted_quad(host) if NUMBER.fullmatch(labels[-1]) else host


def _dotted_quad(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise Refused("The URL's host is a number in a form that is not taken.") from None
