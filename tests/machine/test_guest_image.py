"""The guest image is built from Debian's packages and boots as a server should, on bare QEMU."""

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from haneul.host.disk.formats import Inspector
from haneul.host.guest_image import LOGIN, PASSWORD, BuildFailed, BuiltImage, build

pytestmark = pytest.mark.machine

MIB = 1 << 20
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWVib2R5J3Mga2V5IHRoYXQgb3BlbnMgbm8gZG9v test@example"
META_DATA = {
    "uuid": "9d5d4b5e-6a7c-4b62-8a0e-0f3c1c2d3e4f",
    "name": "test-instance",
    "hostname": "test-instance.novalocal",
    "availability_zone": "nova",
    "launch_index": 0,
    "public_keys": {'My "own" key': KEY + "\n"},
    "keys": [{"name": "k", "type": "ssh", "data": KEY}],
    "devices": [],
}


class Guest:
    """One guest on bare QEMU, with its serial console on a socket."""

    def __init__(self, image: Path, folder: Path, arguments: list[str]) -> None:
        self.disk, self.heard = folder / "disk.qcow2", ""
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image), "-F", "qcow2", str(self.disk), "1G"]
        subprocess.run(create, check=True)
        self.folder = folder
        self.start(arguments)

    def start(self, arguments: list[str]) -> None:
        sockets = [self.folder / name for name in ("serial", "monitor")]
        for path in sockets:
            path.unlink(missing_ok=True)
        argv = ["qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-m", "128", "-nodefaults", "-no-user-config"]
        argv += ["-display", "none", "-drive", f"file={self.disk},if=virtio,format=qcow2"]
        argv += ["-serial", f"unix:{sockets[0]},server=on,wait=off", "-qmp", f"unix:{sockets[1]},server=on,wait=off"]
        self.process = subprocess.Popen([*argv, *arguments], stdin=subprocess.DEVNULL)
        self.serial = connect(sockets[0])
        self.monitor = connect(sockets[1])
        self.order("qmp_capabilities")

    def wait_for(self, pattern: str, timeout_s: float = 60) -> str:
        """Read the console until it says `pattern`; return all up to there and forget it."""
        deadline = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.heard)):
            self.serial.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                chunk = self.serial.recv(4096)
            except TimeoutError:
                pytest.fail(f"The console did not say {pattern!r} within {timeout_s} s:\n{self.heard}")
            assert chunk, f"The guest ended before it said {pattern!r}:\n{self.heard}"
            # The shell asks the terminal where its cursor is; the question may come in two parts.
            self.heard = (self.heard + chunk.decode(errors="replace")).replace("\r", "").replace("\x1b[6n", "")
        said, self.heard = self.heard[: found.end()], self.heard[found.end() :]
        return said

    def type(self, line: str) -> None:
        self.serial.sendall(line.encode() + b"\n")

    def log_in(self) -> str:
        booted = self.wait_for(r"login: $", 90)
        self.type(LOGIN)
        self.wait_for("Password: ")
        self.type(PASSWORD)
        self.wait_for(r"\$ ")
        return booted

    def run(self, command: str) -> str:
        """Run a command at the prompt and return what it prints."""
        self.type(f"{command}; echo end''-$?-")
        said = self.wait_for(r"end-\d+-\n\$ $")
        return said.partition("\n")[2].rpartition("end-")[0]

    def order(self, command: str, **arguments: str) -> None:
        self.monitor.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def end(self) -> None:
        self.serial.close()
        self.monitor.close()
        self.process.kill()
        self.process.wait()


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    for _ in range(100):
        with suppress(FileNotFoundError, ConnectionRefusedError):
            client.connect(str(path))
            return client
        time.sleep(0.05)
    raise TimeoutError(f"QEMU did not open {path}.")


Boot = Callable[..., Guest]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> BuiltImage:
    return build(tmp_path_factory.mktemp("image") / "guest.qcow2", progress=print)


@pytest.fixture
def boot(image: BuiltImage, tmp_path: Path) -> Iterator[Boot]:
    guests: list[Guest] = []

    def start(*arguments: str) -> Guest:
        guests.append(Guest(image.path, tmp_path, list(arguments)))
        return guests[-1]

    yield start
    for guest in guests:
        guest.end()


RELAY = """
import socket, sys, threading, os
server = socket.create_connection(("127.0.0.1", {port}))
def ask():
    while chunk := os.read(0, 4096):
        server.sendall(chunk)
threading.Thread(target=ask, daemon=True).start()
while chunk := server.recv(4096):
    os.write(1, chunk)
os._exit(0)
"""


@pytest.fixture
def metadata_relay(tmp_path: Path) -> Iterator[str]:
    """A metadata service with a server's keys and a script; the command that QEMU runs for each connection to it."""
    answers = {
        "/openstack/latest/meta_data.json": json.dumps(META_DATA).encode(),
        "/openstack/latest/user_data": b"#!/bin/sh\necho user data ran as $(id -un)\n",
        "/2009-04-04/meta-data/instance-id": b"i-0000000b",
    }

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(200 if body else 404)
            self.end_headers()
            self.wfile.write(body or b"Not found.")

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        relay = tmp_path / "relay.py"
        relay.write_text(RELAY.format(port=server.server_address[1]))
        yield f"cmd:{sys.executable} {relay}"
        server.shutdown()


def config_drive(folder: Path) -> Path:
    """A config drive as FAT, which Debian can make without another package."""
    drive, files = folder / "config", folder / "files" / "openstack" / "latest"
    files.mkdir(parents=True)
    (files / "meta_data.json").write_text(json.dumps(META_DATA, indent=2))
    (files / "user_data").write_bytes(b"#!/bin/sh\necho user data ran as $(id -un)\n")
    subprocess.run(["mkfs.vfat", "-n", "config-2", "-C", str(drive), "1024"], check=True, capture_output=True)
    subprocess.run(["mcopy", "-s", "-i", str(drive), str(folder / "files" / "openstack"), "::"], check=True)
    return drive


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_is_small_and_quickly_built(image: BuiltImage) -> None:
    print(f"Built {image.size} bytes in {image.seconds:.1f} s.")
    assert image.size == image.path.stat().st_size <= 20 * 1000 * 1000
    assert image.seconds < 30
    inspector = Inspector()
    inspector.feed(image.path.read_bytes())
    assert inspector.verdict("qcow2").virtual_size == 64 * MIB


def test_the_same_packages_give_the_same_image(image: BuiltImage, tmp_path: Path) -> None:
    again = build(tmp_path / "again.qcow2", work=tmp_path / "work", progress=print)
    assert again.path.read_bytes() == image.path.read_bytes()
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["packages"]


def test_a_failure_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildFailed, match="could not be built"):
        build(tmp_path / "guest.qcow2", work=tmp_path / "file", progress=print)
    assert not (tmp_path / "guest.qcow2").exists()


def test_without_a_network_it_boots_and_the_power_button_ends_it(boot: Boot) -> None:
    began = time.monotonic()
    guest = boot()
    booted = guest.log_in()
    print(f"Log-in prompt after {time.monotonic() - began:.1f} s.")
    assert re.search(r"\ncirros login: $", booted)
    assert "if-info: lo,up,127.0.0.1,8,::1/128," in booted
    assert guest.run("id -un; pwd") == "cirros\n/home/cirros\n"
    assert guest.run("sudo id -u; sudo cat /etc/shadow | wc -l") == "0\n2\n"
    size_kib = int(guest.run("df -k / | awk 'NR > 1 { print $2 }'"))
    assert size_kib > 900 * 1024, "the root file system did not grow to the disk"
    assert guest.run("cat /run/user-data.code; ps | grep -c '[u]dhcpc'").endswith("0\n")
    guest.order("system_powerdown")
    guest.wait_for("going down")
    assert guest.process.wait(30) == 0
    check = ["qemu-img", "check", "-q", str(guest.disk)]
    assert subprocess.run(check, check=False).returncode == 0


def test_a_reboot_comes_back_and_keeps_files(boot: Boot) -> None:
    guest = boot()
    guest.log_in()
    guest.run("echo kept > here; sync; sudo hostname elsewhere")
    guest.type("sudo reboot")
    guest.wait_for("going down")
    guest.log_in()
    assert guest.run("cat here; hostname") == "kept\ncirros\n"


def test_root_has_no_way_in_from_a_console(boot: Boot) -> None:
    guest = boot()
    guest.wait_for(r"login: $", 90)
    guest.type("root")
    assert "Login incorrect" in guest.wait_for(r"login: $|# $")
    guest.type(LOGIN)
    guest.wait_for("Password: ")
    guest.type("not-it")
    guest.wait_for("Login incorrect")


def test_it_learns_from_dhcp_and_the_metadata_service(boot: Boot, metadata_relay: str) -> None:
    port = free_port()
    network = "user,id=n,net=169.254.169.0/24,host=169.254.169.2,dhcpstart=169.254.169.15"
    network += f",hostfwd=tcp:127.0.0.1:{port}-:22"
    network += f",guestfwd=tcp:169.254.169.254:80-{metadata_relay}"
    guest = boot("-netdev", network, "-device", "virtio-net-pci,netdev=n")
    booted = guest.log_in()
    assert "if-info: eth0,up,169.254.169.15,24," in booted
    assert "ip-route:default via 169.254.169.2 dev eth0" in booted
    block = booted[booted.index("=== datasource: ec2 net ===") :].splitlines()[1:6]
    assert block == [
        "instance-id: i-0000000b",
        "name: test-instance",
        "availability-zone: nova",
        "local-hostname: test-instance.novalocal",
        "launch-index: 0",
    ]
    assert "user data ran as root" in booted
    assert booted.endswith("\ntest-instance login: ")
    assert guest.run("cat .ssh/authorized_keys") == KEY + "\n"
    guest.run("m=http://169.254.169.254/2009-04-04/meta-data")
    assert guest.run("curl -s $m/instance-id; echo").strip() == "i-0000000b"
    assert "curl: Failed to connect to 127.0.0.1 port 1" in guest.run("curl -f http://127.0.0.1:1/")
    assert ssh_banner(port).startswith(b"SSH-2.0-dropbear")
    ssh = f"DROPBEAR_PASSWORD={PASSWORD} dbclient -y -t"
    assert "root\n" in guest.run(f"{ssh} {LOGIN}@127.0.0.1 sudo id -un 2>/dev/null")
    guest.type("sudo reboot")
    guest.wait_for("going down")
    assert "user data ran" not in guest.log_in(), "user data must run once in a server's life"


def test_a_lease_may_carry_routes_and_an_mtu(boot: Boot) -> None:
    guest = boot("-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n")
    booted = guest.log_in()
    assert "=== datasource: None None ===" in booted
    assert "if-info: eth0,up,10.0.2.15,24," in booted
    lease = "interface=eth0 ip=10.5.5.104 mask=24 router=10.5.5.9 dns='10.5.5.2 10.5.5.3' domain=novalocal mtu=1450"
    routes = "169.254.169.254/32 10.5.5.2 10.7.0.0/16 0.0.0.0 0.0.0.0/0 192.0.2.1"
    guest.run(f"sudo env {lease} staticroutes='{routes}' /usr/share/udhcpc/lease bound")
    table = guest.run("ip route; ip link show eth0; cat /etc/resolv.conf").replace(" metric 1002 ", "").splitlines()
    for line in (
        "169.254.169.254 via 10.5.5.2 dev eth0",
        "10.7.0.0/16 dev eth0 scope link",
        "default via 192.0.2.1 dev eth0",
        "search novalocal",
        "nameserver 10.5.5.3",
    ):
        assert line in [found.strip() for found in table]
    assert any("mtu 1450" in line for line in table)
    assert not any("10.5.5.9" in line for line in table), "RFC 3442: classless routes replace the router"


def test_a_network_that_is_plugged_in_later_gets_its_address(boot: Boot) -> None:
    guest = boot()
    guest.log_in()
    guest.order("netdev_add", type="user", id="n")
    guest.order("device_add", driver="virtio-net-pci", netdev="n", id="nic")
    wait = "for try in $(seq 20); do ip -4 addr show eth0 2>/dev/null | grep inet && break; sleep 1; done"
    assert "10.0.2.15/24" in guest.run(wait)


def ssh_banner(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(10)
        return client.recv(64)


def test_it_learns_from_a_config_drive_without_a_network(boot: Boot, tmp_path: Path) -> None:
    guest = boot("-drive", f"file={config_drive(tmp_path)},if=virtio,format=raw,readonly=on")
    booted = guest.log_in()
    assert "=== datasource: configdrive local ===" in booted
    assert f"instance-id: {META_DATA['uuid']}" in booted
    assert "user data ran as root" in booted
    assert booted.endswith("\ntest-instance login: ")
    assert guest.run("sudo blkid -L config-2") == "/dev/vdb\n"
    assert guest.run("blkid -t x") == "blkid: only -L LABEL is known\n"
    assert guest.run("cat .ssh/authorized_keys; stat -c %a-%U .ssh") == f"{KEY}\n700-cirros\n"
