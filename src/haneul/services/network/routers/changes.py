"""Counts routers' changes. A change of a router's ports counts first, so that of two at once the second waits."""

from haneul.services.network.routers.models import routers
from haneul.services.network.standard import Changes

CHANGES = Changes(routers)
