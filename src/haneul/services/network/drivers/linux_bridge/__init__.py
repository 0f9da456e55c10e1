"""Networks on Linux bridges, in network namespaces of their own, filtered and translated by nftables."""

from haneul.services.network.drivers.linux_bridge.driver import LinuxBridgeDriver

__all__ = ["LinuxBridgeDriver"]
