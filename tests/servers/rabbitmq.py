"""A real RabbitMQ server, with an Erlang port mapper of its own so that none is left behind."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from tests.servers.daemon import LOOPBACK, Daemon, free_port, scratch

USER = "rabbitmq"
ACCOUNT = "haneul"
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
GREETING = b"AMQP\x00\x00\x09\x01"
PROBE_DEADLINE_S = 2.0


@dataclass
class RabbitMQ:
    """One broker; it may be stopped and started again, and keeps its ports and its durable queues."""

    folder: Path
    password: str = field(default_factory=lambda: token_hex(16))
    port: int = field(default_factory=free_port)
    mapper_port: int = field(default_factory=free_port)
    cluster_port: int = field(default_factory=free_port)
    daemon: Daemon | None = None

    @property
    def url(self) -> str:
        """The broker's AMQP URL, with the account's password."""
        return f"amqp://{ACCOUNT}:{self.password}@{LOOPBACK}:{self.port}/"

    def start(self) -> None:
        """Start the broker and wait until it serves."""
        assert self.daemon is None, "RabbitMQ runs already."
        self.daemon = Daemon(self.folder, [SERVER], USER, self._environment())
        self.daemon.wait_until(self.serves)

    def stop(self) -> None:
        """End the broker, and with it every client's connection."""
        if self.daemon is not None:
            self.daemon.end()
            self.daemon = None

    def serves(self) -> bool:
        """Whether the broker answers AMQP's greeting."""
        try:
            with socket.create_connection((LOOPBACK, self.port), PROBE_DEADLINE_S) as probe:
                probe.sendall(GREETING)
                # Connection.Start comes as a method frame (type 1) on channel 0.
                return probe.recv(3) == b"\x01\x00\x00"
        except OSError:
            return False

    def configure(self) -> None:
        """Write the configuration: loopback only, one account, little memory."""
        settings = {
            "listeners.tcp.1": f"{LOOPBACK}:{self.port}",
            "default_user": ACCOUNT,
            "default_pass": self.password,
            "vm_memory_high_watermark.absolute": "512MiB",
            "disk_free_limit.absolute": "50MB",
        }
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "rabbitmq.conf").write_text(text)
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "environment").touch()

    def _environment(self) -> dict[str, str]:
        places = {
            "CONFIG_FILE": self.folder / "rabbitmq.conf",
            "CONF_ENV_FILE": self.folder / "environment",
            "ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "MNESIA_BASE": self.folder / "mnesia",
            "LOG_BASE": self.folder / "log",
            "PID_FILE": self.folder / "pid",
        }
        return {
            **{f"RABBITMQ_{name}": str(place) for name, place in places.items()},
            "RABBITMQ_NODENAME": f"haneul-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.cluster_port),
            # Idle schedulers must not spin on a machine that others share.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
            "ERL_EPMD_PORT": str(self.mapper_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # The start script then becomes the server in place of waiting for it, so that our signals reach it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }


@contextmanager
def running() -> Iterator[RabbitMQ]:
    """A RabbitMQ broker, started from nothing and ended with nothing left."""
    with scratch(USER) as folder:
        broker = RabbitMQ(folder)
        broker.configure()
        # In the foreground: the one that the server would start for itself is a daemon that outlives it.
        mapper = Daemon(folder, ["epmd", "-address", LOOPBACK, "-port", str(broker.mapper_port)], USER)
        try:
            mapper.wait_until(lambda: listens(broker.mapper_port))
            broker.start()
            yield broker
        finally:
            broker.stop()
            mapper.end()


def listens(port: int) -> bool:
    """Whether someone accepts connections on a loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), PROBE_DEADLINE_S).close()
    except OSError:
        return False
    return True
