"""The HTTP edge: what resources need to declare routes."""

from haneul.kernel.http.call import Call
from haneul.kernel.http.pages import listed
from haneul.kernel.http.replies import Listed, Raw, Reply, Streamed
from haneul.kernel.http.routes import PUBLIC, Routes
from haneul.kernel.http.versions import Microversions, Shape, Version

__all__ = [
    "PUBLIC",
    "Call",
    "Listed",
    "Microversions",
    "Raw",
    "Reply",
    "Routes",
    "Shape",
    "Streamed",
    "Version",
    "listed",
]
