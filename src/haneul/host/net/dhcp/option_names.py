"""The names of DHCP options that dnsmasq knows (`dnsmasq --help dhcp`, `dnsmasq --help dhcp6`)."""

_FOR_4 = """
netmask time-offset router dns-server log-server lpr-server boot-file-size domain-name swap-server root-path
extension-path ip-forward-enable non-local-source-routing policy-filter max-datagram-reassembly default-ttl mtu
all-subnets-local router-discovery router-solicitation static-route trailer-encapsulation arp-timeout
ethernet-encap tcp-ttl tcp-keepalive nis-domain nis-server ntp-server netbios-ns netbios-dd netbios-nodetype
netbios-scope x-windows-fs x-windows-dm T1 T2 vendor-class nis+-domain nis+-server tftp-server bootfile-name
mobile-ip-home smtp-server pop3-server nntp-server irc-server user-class rapid-commit client-arch
client-interface-id client-machine-id posix-timezone tzdb-timezone ipv6-only domain-search sip-server
classless-static-route vendor-id-encap tftp-server-address server-ip-address
"""
_FOR_6 = """
sip-server-domain sip-server dns-server domain-search nis-server nis+-server nis-domain nis+-domain sntp-server
information-refresh-time posix-timezone tzdb-timezone ntp-server bootfile-url bootfile-param
"""
NAMES_4 = frozenset(_FOR_4.split())
NAMES_6 = frozenset(_FOR_6.split())
