from decimal import Decimal

from haneul.kernel.schema import View


class SubnetAvailabilityView(View):
    """Numbers of addresses: JSON integers, which for IPv6 have more bits than integers here."""

    subnet_id: str
    subnet_name: str
    ip_version: int
    cidr: str
    total_ips: int | Decimal
    used_ips: int


class NetworkAvailabilityView(View):
    network_id: str
    network_name: str
    project_id: str
    tenant_id: str
    total_ips: int | Decimal
    used_ips: int
    subnet_ip_availability: list[SubnetAvailabilityView]


def number(value: int) -> int | Decimal:
    """A number of any size as a view can hold it."""
    return value if value < 1 << 63 else Decimal(value)
