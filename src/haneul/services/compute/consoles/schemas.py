"""What a body may ask for. Source: Compute API reference, "Server consoles"; the types of each protocol are not bound
to it there either."""

from typing import Literal

from haneul.kernel.schema import StrictBody, View


class VncConsole(StrictBody):
    type: Literal["novnc", "xvpvnc"]


class SpiceConsole(StrictBody):
    type: Literal["spice-html5"]


class SerialConsole(StrictBody):
    type: Literal["serial"]


class RemoteConsole(StrictBody):
    """From 2.6 on."""

    protocol: Literal["vnc", "spice", "serial", "rdp"]
    type: Literal["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"]


class RemoteConsole28(StrictBody):
    """From 2.8 on."""

    protocol: Literal["vnc", "spice", "serial", "rdp", "mks"]
    type: Literal["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5", "webmks"]


class RemoteConsole299(StrictBody):
    """From 2.99 on."""

    protocol: Literal["vnc", "spice", "serial", "rdp", "mks"]
    type: Literal["novnc", "xvpvnc", "spice-html5", "spice-direct", "serial", "rdp-html5", "webmks"]


class ConsoleUrlView(View):
    """A console's address as it was told up to 2.5."""

    type: str
    url: str


class RemoteConsoleView(View):
    protocol: str
    type: str
    url: str


class ConnectionView(View):
    """Where a token leads. Consoles listen on no port here: their bytes come by way of the host's agent."""

    instance_uuid: str
    host: str
    port: int | None
    internal_access_path: str | None
