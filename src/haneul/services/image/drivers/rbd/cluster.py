"""One connection to a Ceph cluster for all threads, and the cluster's errors in our kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from threading import Lock
from typing import Any

from haneul.services.image.drivers.base import Full, Unreachable
from haneul.services.image.drivers.rbd.bindings import load
from haneul.services.image.drivers.rbd.options import RbdOptions

LAYERING = 1


class InUse(Unreachable):
    """Somebody writes to the image, or did until a moment ago."""


class Cluster:
    """A pool that is connected to when it is first used. `rbd` is the module of that name."""

    def __init__(self, options: RbdOptions) -> None:
        self.options = options
        self._rados = load("rados")
        self.rbd = load("rbd")
        self._connecting = Lock()
        self._connected: Any = None
        self._pool: Any = None

    @contextmanager
    def pool(self) -> Iterator[Any]:
        """The pool, with its errors in our kinds: FileNotFoundError, Full, Unreachable."""
        with self._kinds():
            yield self._opened()

    @property
    def id(self) -> str:
        """The cluster's own id (its `fsid`)."""
        with self.pool():
            return str(self._connected.get_fsid())

    def _opened(self) -> Any:
        with self._connecting:
            if self._pool is None:
                self._pool = self._open()
            return self._pool

    def _open(self) -> Any:
        options, timeout = self.options, str(ceil(self.options.timeout_s))
        # Without these a cluster that is away is waited for without end.
        bounds = ("rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout")
        try:
            cluster = self._rados.Rados(
                conffile=options.ceph_conf, rados_id=options.user, conf=dict.fromkeys(bounds, timeout)
            )
            cluster.connect()
        except (self._rados.PermissionDeniedError, self._rados.PermissionError):
            raise Unreachable("The Ceph cluster refused its credentials.") from None
        except self._rados.Error as error:
            raise self._unanswered(error) from None
        try:
            pool = cluster.open_ioctx(options.pool)
        except self._rados.ObjectNotFound:
            cluster.shutdown()
            raise Unreachable(f"The pool {options.pool} does not exist in the Ceph cluster.") from None
        self._connected = cluster
        return pool

    @contextmanager
    def _kinds(self) -> Iterator[None]:
        rbd = self.rbd
        try:
            yield
        except rbd.ImageNotFound:
            raise FileNotFoundError("The store has no such image.") from None
        except (rbd.NoSpace, rbd.DiskQuotaExceeded):
            raise Full(f"The pool {self.options.pool} takes no more bytes.") from None
        except (rbd.ImageBusy, rbd.ImageHasSnapshots):
            raise InUse("The image is in use in the Ceph cluster.") from None
        except (rbd.Error, self._rados.Error) as error:
            raise self._unanswered(error) from None

    def _unanswered(self, error: Exception) -> Unreachable:
        # The error's own text may hold paths of this host.
        return Unreachable(f"The Ceph cluster did not answer ({type(error).__name__}).")
