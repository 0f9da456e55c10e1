"""Port 6080: noVNC's pages, and the WebSocket over which they show a server's screen."""

from pathlib import Path
from urllib.parse import urlsplit

from haneul.kernel.errors import Forbidden
from haneul.kernel.http.pages_on_disk import Pages
from haneul.kernel.http.sites import Knock, Site, Talk, notice
from haneul.services.compute.config import ComputeSettings
from haneul.services.compute.consoles import logic
from haneul.services.compute.consoles.screens import open_screen
from haneul.services.compute.hosts_link import HostLink

PORT = 6080
PAGES = Path("/usr/share/novnc")
ABSENT = notice(
    "No console",
    f"The pages of noVNC are not installed on the machine that runs the cloud's APIs: there is nothing in {PAGES}.",
    "On Debian they come with the package novnc: apt-get install novnc.",
)
UNKNOWN = notice("No console", "There is no such page. Ask for a console's address: openstack console url show SERVER")


def site_with(hosts: HostLink, consoles_at: str, settings: ComputeSettings) -> Site:
    """The site, for browsers that find it at this URL."""
    here = urlsplit(consoles_at)

    async def admit(knock: Knock) -> Talk:
        _refuse_other_origin(knock, here.scheme, {here.hostname or "", *settings.console_origins})
        (token,) = knock.parameters.get("token", [""])[:1]
        # A look before the write: whoever only guesses must not keep the database busy.
        if not await knock.transaction(lambda db: logic.is_live(db, token), writes=False):
            raise Forbidden(logic.INVALID)
        server = await knock.transaction(lambda db: logic.spend(db, token), writes=True)
        return (await open_screen(hosts, server)).relay

    pages = Pages(PAGES, ("app", "core", "vendor"), absent=ABSENT, unknown=UNKNOWN)
    return Site(name="novnc", port=PORT, pages=pages, admit=admit, paths=("/", "/websockify"))


def _refuse_other_origin(knock: Knock, scheme: str, hosts: set[str]) -> None:
    """Forbidden for a browser that another site's page has sent; what is no browser names no origin."""
    origin = knock.headers.get("origin")
    if origin is None:
        return
    try:
        named = urlsplit(origin)
        asked = urlsplit(f"//{knock.headers.get('host', '')}").hostname
    except ValueError:
        raise Forbidden("Origin header not valid.") from None
    if not named.hostname or not named.scheme:
        raise Forbidden("Origin header not valid.")
    if named.hostname not in hosts | {asked}:
        raise Forbidden("Origin header does not match this host.")
    if (knock.headers.get("x-forwarded-proto") or named.scheme) != scheme:
        raise Forbidden("Origin header protocol does not match this host.")
