"""Checks of this machine: what it offers to a cloud, and what it lacks."""

import ctypes
import json
import os
import shutil
from collections.abc import Iterator

from haneul.cli.checks.finding import Check, Finding, Subject
from haneul.host.guest_image import PACKAGES
from haneul.host.hypervisor.facts import qemu_version
from haneul.host.hypervisor.probe import KVM_DEVICE, guests_may_open
from haneul.host.namespaces import list_namespaces
from haneul.host.net.links import find_link
from haneul.host.net.segments import supported_segment_types
from haneul.host.run import RunFailed, is_installed, run
from haneul.services.network.config import NetworkSettings

OLDEST_QEMU = 7_000_000
LEAST_FREE_GB = 2
COMFORTABLE_GB = 10
DPKG_S = 20.0
NETWORK_PROGRAMS = {
    "nft": ("nftables", "It filters what guests send and get, and translates addresses at routers."),
    "conntrack": ("conntrack", "It cuts connections whose rule or floating IP has gone."),
    "dnsmasq": ("dnsmasq-base", "It tells guests their addresses."),
    "radvd": ("radvd", "It tells guests of IPv6 networks which prefix is theirs."),
    "haproxy": ("haproxy", "It brings guests' metadata requests to the agent."),
}
"""What networks on this host need: the package of each program, and what for."""
MODULES = {"vlan": "8021q", "vxlan": "vxlan", "gre": "ip_gre"}
"""The kernel module that a type of network needs."""
ALL_TYPES = frozenset(("local", "flat", *MODULES))
# What adjtimex(2) answers when nothing keeps the clock in step.
TIME_ERROR = 5
TIMEX_BYTES = 512


def root(subject: Subject) -> Iterator[Finding]:
    why = "Guests, their networks and their accounts can be made by root only."
    if subject.is_simulated:
        yield Finding("ok", "The cloud is simulated, so it needs no root.", why)
    elif os.geteuid() == 0:
        yield Finding("ok", "This runs as root.", why)
    else:
        yield Finding("wrong", "This does not run as root.", why, "sudo haneul doctor, or haneul up --simulate")


def qemu(subject: Subject) -> Iterator[Finding]:
    why = "QEMU runs the guests."
    if subject.is_simulated:
        return
    install = "apt-get install qemu-system-x86 qemu-utils"
    try:
        number = qemu_version()
    except (RunFailed, ValueError) as error:
        yield Finding("wrong", str(error), why, install)
        return
    version = f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
    if number < OLDEST_QEMU:
        yield Finding("wrong", f"QEMU is {version}, and haneul is made for 7.0 and newer.", why, install)
    else:
        yield Finding("ok", f"QEMU is {version}.", why)
    if not is_installed("qemu-img"):
        yield Finding("wrong", "qemu-img is not installed.", "It makes the guests' disks.", install)


def kvm(subject: Subject) -> Iterator[Finding]:
    why = "With KVM, guests run at the machine's own speed; emulated ones are ten times slower."
    if subject.is_simulated:
        return
    answer = subject.layout.agent / "accelerator.json"
    if answer.exists():
        told = json.loads(answer.read_bytes())
        works = told["accelerator"] == "kvm"
        fact = f"Guests use {told['accelerator'].upper()}: {told['because']}"
        fix = "" if works else f"Enable virtualization; then delete {answer} and run haneul down; haneul up"
        yield Finding("ok" if works else "note", fact, why, fix)
    elif not KVM_DEVICE.exists():
        fix = "Enable virtualization in the firmware, or nested virtualization in the hypervisor beneath."
        yield Finding("note", f"There is no {KVM_DEVICE}, so guests are emulated.", why, fix)
    elif not guests_may_open(KVM_DEVICE):
        fix = f"groupadd --force kvm; chgrp kvm {KVM_DEVICE}; chmod 660 {KVM_DEVICE}; haneul down; haneul up"
        yield Finding("note", f"Only root may open {KVM_DEVICE}, so guests are emulated.", why, fix)
    elif subject.runs:
        yield Finding("note", "Whether KVM works here is still being found out; guests are emulated.", why)
    else:
        yield Finding("note", "Whether KVM works is found out once the cloud runs.", why, "haneul up")


def packages(subject: Subject) -> Iterator[Finding]:
    if subject.is_simulated:
        return
    why = "The agent makes namespaces, limits programs and cages them with these."
    programs = {"ip": "iproute2", "prlimit": "util-linux", "bwrap": "bubblewrap"}
    if missing := [package for program, package in programs.items() if not is_installed(program)]:
        yield Finding("wrong", f"These are missing: {', '.join(missing)}.", why, f"apt-get install {' '.join(missing)}")
    else:
        yield Finding("ok", f"{', '.join(programs.values())} are installed.", why)
    yield from _image_packages()


def _image_packages() -> Iterator[Finding]:
    why = "The guest image is built with these."
    if not is_installed("dpkg-query"):
        fix = "Upload an image of your own: openstack image create."
        yield Finding("note", "This is no Debian system, so the guest image can't be built here.", why, fix)
        return
    missing = [package for package in PACKAGES if not _is_package_installed(package)]
    if missing:
        fix = f"apt-get install {' '.join(missing)}"
        yield Finding("note", f"These are missing: {', '.join(missing)}.", why, fix)
    else:
        yield Finding("ok", "What builds the guest image is installed.", why)


def _is_package_installed(package: str) -> bool:
    try:
        said = run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package], timeout_s=DPKG_S)
    except RunFailed:
        return False
    return said.stdout == b"installed"


def network_programs(subject: Subject) -> Iterator[Finding]:
    """What networks on this host are made with."""
    if subject.is_simulated:
        return
    missing = {program: told for program, told in NETWORK_PROGRAMS.items() if not is_installed(program)}
    for program, (package, why) in missing.items():
        yield Finding("wrong", f"{program} is not installed.", why, f"apt-get install {package}")
    if not missing:
        why = "Networks on this host are made with these."
        yield Finding("ok", f"{', '.join(NETWORK_PROGRAMS)} are installed.", why)
    yield from _pages()


def _pages() -> Iterator[Finding]:
    # Imported when wanted: it knows the web framework.
    from haneul.services.compute.consoles.site import PAGES

    why = "Browsers show servers' screens with its pages."
    if PAGES.is_dir():
        yield Finding("ok", "noVNC is installed.", why)
    else:
        yield Finding(
            "note", f"There is no {PAGES}, so there are no consoles in browsers.", why, "apt-get install novnc"
        )


def segment_types(subject: Subject) -> Iterator[Finding]:
    """Which types of networks this host can carry, and why not the others."""
    if subject.is_simulated or os.geteuid() != 0:
        return
    why = "A port on a network whose type its host can't carry can't be bound there."
    found = supported_segment_types()
    yield Finding("ok", f"This host carries networks of these types: {', '.join(sorted(found))}.", why)
    for name in sorted(ALL_TYPES - found):
        fix = f"modprobe {MODULES[name]}, or a kernel that has it; then haneul down; haneul up"
        yield Finding("note", f"This host's kernel can't make devices of type {name}.", why, fix)
    if subject.settings is not None:
        yield from _connections(subject)


def _connections(subject: Subject) -> Iterator[Finding]:
    """Where this host's tunnels end, and its devices of physical networks."""
    own = subject.layout.sections(os.environ).section("network", NetworkSettings)
    why = "Networks of several hosts are joined by tunnels between these."
    if own.tunnel_ip:
        yield Finding("ok", f"This host's tunnels end at {own.tunnel_ip}.", why)
    else:
        fix = "For more than one host: tunnel_ip in the section [network] of haneul.toml; then haneul down; haneul up"
        yield Finding("note", "This host has no address for tunnels: its networks reach no other host.", why, fix)
    why = "Networks of types flat and vlan leave the host by these."
    place = _own_namespace(subject)
    for physical, link in sorted(own.physical_links.items()):
        if find_link(link, place) is None:
            fix = f"Name another device in the section [network] of haneul.toml, or make {link} (ip link show)"
            yield Finding("wrong", f"There is no device {link} for the physical network {physical}.", why, fix)
        else:
            yield Finding("ok", f"The physical network {physical} is at {link}.", why)


def _own_namespace(subject: Subject) -> str | None:
    assert subject.settings is not None
    name = subject.settings.namespace_of(subject.layout.cloud_id)
    return name if not subject.settings.host_network and name in list_namespaces() else None


def disk(subject: Subject) -> Iterator[Finding]:
    place = next(path for path in (subject.layout.state, *subject.layout.state.parents) if path.exists())
    free_gb = shutil.disk_usage(place).free / (1 << 30)
    why = "Images, guests' disks and the database grow there; a full disk stops guests."
    fact = f"{place} has {free_gb:.1f} GB free."
    fix = f"Free space there, or move the cloud: haneul up --state DIR (now {subject.layout.state})"
    if free_gb < LEAST_FREE_GB:
        yield Finding("wrong", fact, why, fix)
    else:
        comfortable = free_gb >= COMFORTABLE_GB
        yield Finding("ok" if comfortable else "note", fact, why, "" if comfortable else fix)


def clock(_subject: Subject) -> Iterator[Finding]:
    why = "Tokens and logs carry times; two machines of a cloud must agree on them."
    in_step = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) != TIME_ERROR
    if in_step:
        yield Finding("ok", "The clock is kept in step.", why)
    else:
        yield Finding("note", "Nothing is known to keep the clock in step.", why, "apt-get install chrony")


CHECKS: tuple[Check, ...] = (root, qemu, kvm, packages, network_programs, segment_types, disk, clock)
