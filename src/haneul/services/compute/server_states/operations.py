"""Standing still and going on: each step may be the last before a crash, and what fails goes back."""

from haneul.kernel.operations import Operation, Step
from haneul.services.compute.servers.operations import (
    BOOT_DEADLINE_S,
    ServerOperation,
    now_active,
    now_in,
    want_former_power,
    want_power,
)

# A host writes and reads a large memory at the speed of its disk.
MEMORY_DEADLINE_S = 3600.0


class PauseServer(Operation):
    """From running to standing still in memory; what fails leaves the server as it was."""

    name = "server-pause"
    steps = (want_power("paused", undo=want_former_power), Step("see it paused", now_in("paused")))


class UnpauseServer(Operation):
    """From standing still to running; what fails leaves the server as it was."""

    name = "server-unpause"
    steps = (
        want_power("running", undo=want_former_power),
        Step("see it running", now_active, deadline_s=BOOT_DEADLINE_S),
    )


class SuspendServer(ServerOperation):
    """From running to memory on the host's disk, without a process."""

    name = "server-suspend"
    steps = (
        want_power("suspended", undo=want_former_power),
        Step("see it suspended", now_in("suspended"), deadline_s=MEMORY_DEADLINE_S),
    )


class ResumeServer(ServerOperation):
    """From memory on the host's disk to running on."""

    name = "server-resume"
    steps = (
        want_power("running", undo=want_former_power),
        Step("see it running", now_active, deadline_s=MEMORY_DEADLINE_S),
    )


STATE_OPERATIONS = (PauseServer, UnpauseServer, SuspendServer, ResumeServer)
