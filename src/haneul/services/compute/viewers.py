"""Who looks at what compute asks of the network for its callers."""

from haneul.kernel.http import Call
from haneul.services.compute.base_rules import IS_ADMIN
from haneul.services.network.public import Viewer

LAST = "2.35"
"""The last version in which clients managed networks through compute; newer ones ask the network itself."""


def viewer(call: Call) -> Viewer:
    """The caller as the network knows him."""
    return Viewer(call.caller.project_id or "", call.allows(IS_ADMIN))
