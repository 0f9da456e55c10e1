"""The same as a server with a floating IP, built by hand: a bridge, a router's namespace, DHCP, NAT, and a guest."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.login import Key, logged_in_s
from haneul.host.disk import config_drive
from haneul.host.namespaces import ensure_namespace, inside, remove_namespace

OUTSIDE, GATEWAY, FLOATING, FIXED = "198.18.77.1/24", "198.18.77.2/24", "198.18.77.20", "10.5.5.9"
MAC = "fa:16:3e:00:77:09"
COMMAND_S = 20
NAT = f"""
table ip by-hand {{
  chain before {{ type nat hook prerouting priority -100; ip daddr {FLOATING} dnat to {FIXED}; }}
  chain after {{ type nat hook postrouting priority 100; ip saddr {FIXED} oifname "qg" snat to {FLOATING}; }}
}}
"""


def login_s(base: Path, folder: Path, key: Key) -> float:
    """Seconds from nothing to a command that has run in the guest."""
    began = time.perf_counter()
    with ExitStack() as stack:
        name = f"by-hand-{os.getpid()}"
        stack.enter_context(_networks(name))
        stack.enter_context(_guest(name, base, folder, key))
        return logged_in_s(FLOATING, key, began)


@contextmanager
def _networks(name: str) -> Iterator[None]:
    host, router = f"{name}-h", f"{name}-r"
    with ExitStack() as stack:
        for namespace in (host, router):
            ensure_namespace(namespace)
            stack.callback(remove_namespace, namespace)
        stack.callback(subprocess.run, ["ip", "link", "delete", "by-hand"], check=False, capture_output=True)
        _ip(
            "link add by-hand type veth peer name outside netns " + host,
            f"addr add {OUTSIDE} dev by-hand",
            "link set by-hand up",
        )
        _ip(
            *(f"link add {bridge} type bridge forward_delay 0" for bridge in ("inner", "outer")),
            f"link add qr-b type veth peer name qr netns {router}",
            f"link add qg-b type veth peer name qg netns {router}",
            "tuntap add dev tap0 mode tap",
            "link set outside master outer up",
            "link set qg-b master outer up",
            "link set qr-b master inner up",
            "link set tap0 master inner up",
            "link set inner up",
            "link set outer up",
            namespace=host,
        )
        _ip(
            "addr add 10.5.5.1/24 dev qr",
            f"addr add {GATEWAY} dev qg",
            f"addr add {FLOATING}/32 dev qg",
            "link set qr up",
            "link set qg up",
            "route add default via 198.18.77.1",
            namespace=router,
        )
        with inside(router):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            subprocess.run(["nft", "-f", "-"], input=NAT, text=True, check=True, timeout=COMMAND_S)
            dhcp = subprocess.Popen(
                [
                    "dnsmasq",
                    "--no-daemon",
                    "--conf-file=/dev/null",
                    "--interface=qr",
                    "--bind-interfaces",
                    "--port=0",
                    "--dhcp-range=10.5.5.0,static,255.255.255.0",
                    f"--dhcp-host={MAC},{FIXED}",
                    "--leasefile-ro",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        stack.callback(dhcp.wait)
        stack.callback(dhcp.kill)
        yield


def _ip(*commands: str, namespace: str = "") -> None:
    command = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    subprocess.run(command, input="\n".join(commands) + "\n", text=True, check=True, timeout=COMMAND_S)


@contextmanager
def _guest(name: str, base: Path, folder: Path, key: Key) -> Iterator[None]:
    """The guest learns its key from a config drive, since nobody serves metadata here."""
    disk, drive = folder / "hand.qcow2", folder / "hand.img"
    overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(disk), "1G"]
    subprocess.run(overlay, check=True, timeout=60)
    meta = f'{{"uuid": "{name}", "hostname": "by-hand", "public_keys": {{"k": "{key.public}"}}}}'
    config_drive.make(drive, {"openstack/latest/meta_data.json": meta.encode()}, os.geteuid())
    command = ["qemu-system-x86_64", "-M", "pc", "-accel", "tcg,tb-size=32", "-cpu", "max", "-m", "128", "-nodefaults"]
    command += ["-display", "none", "-device", "VGA", "-object", "rng-random,id=r,filename=/dev/urandom"]
    command += ["-device", "virtio-rng-pci,rng=r", "-drive", f"file={disk},if=virtio,format=qcow2"]
    command += ["-drive", f"file={drive},if=virtio,format=raw,read-only=on"]
    command += ["-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no"]
    command += ["-device", f"virtio-net-pci,netdev=n,mac={MAC},romfile="]
    with inside(f"{name}-h"):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        disk.unlink()
        drive.unlink()


__all__ = ["login_s"]
