from typing import Any

import msgspec

from haneul.kernel.schema import View


class SubnetAvailabilityView(View):
    """Numbers of addresses: JSON integers, which for IPv6 have more than 64 bits."""

    subnet_id: str
    subnet_name: str
    ip_version: int
    cidr: str
    total_ips: Any
    used_ips: int


class NetworkAvailabilityView(View):
    network_id: str
    network_name: str
    project_id: str
    tenant_id: str
    total_ips: Any
    used_ips: int
    subnet_ip_availability: list[SubnetAvailabilityView]


def number(value: int) -> Any:
    """A number of any size as JSON."""
    return value if value < 1 << 63 else msgspec.Raw(str(value).encode())
