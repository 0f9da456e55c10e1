import msgspec


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The section `[network]`.

    `project_types`: the types that projects' networks get, the first that has room. `vni_ranges`: of vxlan and gre, as
    `first:last`. `vlan_ranges`: of physical networks, as `physnet1:100:200`. `flat_networks`: the physical networks
    that may be flat, `*` for any. `dns_domain`: what guests' names end in. `tunnel_ip`: where this host's tunnels end;
    empty for a host that is alone. `physical_links`: this host's devices by physical network. `dhcp_servers`: how many
    hosts serve a network. `quotas`: what a project may have that has no limit of its own, such as `router = 100`, where
    that is not Neutron's default.
    """

    project_types: tuple[str, ...] = ("vxlan",)
    vni_ranges: tuple[str, ...] = ("1:65535",)
    vlan_ranges: tuple[str, ...] = ()
    flat_networks: tuple[str, ...] = ("*",)
    dns_domain: str = "openstacklocal"
    tunnel_ip: str = ""
    physical_links: dict[str, str] = {}
    dhcp_servers: int = 1
    quotas: dict[str, int] = {}
