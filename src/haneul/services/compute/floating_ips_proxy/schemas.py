from haneul.kernel.schema import OpenBody, View
from haneul.services.network.public import FloatingIp, Network, Port


class FloatingIpWanted(OpenBody):
    pool: str | None = None


class FloatingIpView(View):
    """An external address: `instance_id` is the server that it stands for, `pool` the network that it is of."""

    id: str
    ip: str
    fixed_ip: str | None
    instance_id: str | None
    pool: str


class PoolView(View):
    name: str


def floating_ip_view(one: FloatingIp, outside: Network, port: Port | None) -> FloatingIpView:
    """A floating IP with the network that it is of, and the port that it stands for, if any."""
    return FloatingIpView(
        id=one.id,
        ip=one.floating_ip_address,
        fixed_ip=one.fixed_ip_address,
        instance_id=port.device_id if port is not None else None,
        pool=pool_name(outside),
    )


def pool_name(outside: Network) -> str:
    """What compute's clients call an external network."""
    return outside.name or outside.id
