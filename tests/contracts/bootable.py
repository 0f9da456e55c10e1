"""A bootable raw disk of 32 MiB: an ordinary kernel, busybox, and a script that counts its boots on the disk itself."""

import subprocess
import tempfile
from pathlib import Path

PACKAGE = "linux-image-cloud-amd64"
MODULES = (
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "drivers/block/virtio_blk.ko",
    "drivers/acpi/button.ko",
    "drivers/input/evdev.ko",
)
# The counter lies in the disk's last MiB, which the file system leaves alone.
DISK_KB = 32 * 1024
FILES_KB = 31 * 1024
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /sys
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in {modules}; do /bin/busybox insmod /modules/$module; done
for turn in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; /bin/busybox sleep 0.2; done
count=$(/bin/busybox dd if=/dev/vda bs=1024 skip={files_kb} count=1 2>/dev/null | /bin/busybox tr -cd 0-9)
count=$(( ${{count:-0}} + 1 ))
echo $count | /bin/busybox dd of=/dev/vda bs=1024 seek={files_kb} count=1 conv=notrunc,fsync 2>/dev/null
for event in /dev/input/event*; do
  (/bin/busybox dd if=$event of=/dev/null bs=24 count=1 2>/dev/null && /bin/busybox poweroff -f) &
done
/bin/busybox sleep 0.3
echo "boot number $count on $(/bin/busybox cat /sys/block/vda/size) sectors"
echo "guest login:"
while :; do /bin/busybox sleep 3600; done
"""


def build(target: Path) -> None:
    """Write the disk; needs apt, dpkg, cpio, mtools, syslinux and busybox-static."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        kernel = unpack_kernel(folder)
        initrd = make_initrd(folder, kernel)
        (folder / "syslinux.cfg").write_text(
            "SERIAL 0 115200\nDEFAULT guest\nLABEL guest\n KERNEL vmlinuz\n INITRD initrd\n"
            " APPEND console=ttyS0 quiet loglevel=4\n"
        )
        with target.open("wb") as disk:
            disk.truncate(DISK_KB * 1024)
        call("mkfs.vfat", "-F", "16", target, str(FILES_KB))
        call("mcopy", "-i", target, kernel, "::vmlinuz")
        call("mcopy", "-i", target, initrd, folder / "syslinux.cfg", "::")
        call("syslinux", "--install", target)


def unpack_kernel(folder: Path) -> Path:
    """Fetch the package and give the path of its kernel; its modules lie beside it."""
    depends = call("apt-cache", "depends", "--important", PACKAGE).splitlines()
    real = next(line.split()[-1] for line in depends if "linux-image-" in line and "Depends" in line)
    call("apt-get", "download", real, cwd=folder)
    call("dpkg-deb", "-x", next(folder.glob("*.deb")), folder / "package")
    return next((folder / "package" / "boot").glob("vmlinuz-*"))


def make_initrd(folder: Path, kernel: Path) -> Path:
    root = folder / "root"
    for name in ("bin", "modules"):
        (root / name).mkdir(parents=True)
    (root / "bin" / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
    (root / "bin" / "busybox").chmod(0o755)
    tree = next((folder / "package" / "lib" / "modules").iterdir()) / "kernel"
    for module in MODULES:
        (root / "modules" / Path(module).name).write_bytes((tree / module).read_bytes())
    (root / "init").write_text(INIT.format(modules=" ".join(Path(m).name for m in MODULES), files_kb=FILES_KB))
    (root / "init").chmod(0o755)
    listed = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    call("cpio", "-o", "-H", "newc", "-F", folder / "initrd", cwd=root, given=listed)
    return folder / "initrd"


def call(*argv: object, cwd: Path | None = None, given: str | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout
