"""What the laws bind: every service that a cloud has, and every route of each, found anew each time."""

import re
from typing import NamedTuple

import pytest
from tools.generate_docs import all_services

from haneul.kernel.http.routes import PUBLIC, Route
from haneul.kernel.service import Service

SERVICES = sorted(all_services(), key=lambda service: service.type)
NAME = re.compile(r"\{(\w+)\}")


class Found(NamedTuple):
    """One route of one service."""

    service: Service
    route: Route

    def __str__(self) -> str:
        first = f" {self.route.first}" if self.route.first > (0, 0) else ""
        return f"{self.service.type} {self.route.name}{first}"

    @property
    def headers(self) -> dict[str, str]:
        """Ask for a version that has the route."""
        negotiated = self.service.microversions
        if negotiated is None:
            return {}
        at = min(negotiated.newest, self.route.last)
        headers = {"OpenStack-API-Version": f"{negotiated.word} {at}"}
        return {**headers, negotiated.legacy_header: str(at)} if negotiated.legacy_header else headers

    def path(self, value: str) -> str:
        """The route's path with this in every place."""
        return NAME.sub(lambda _found: value, self.route.path)


ROUTES = [Found(service, route) for service in SERVICES for route in service.routes]
CLOSED = [found for found in ROUTES if found.route.rule is not PUBLIC]

each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.type)
each_route = pytest.mark.parametrize("found", ROUTES, ids=str)
each_closed_route = pytest.mark.parametrize("found", CLOSED, ids=str)
