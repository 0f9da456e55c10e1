"""Places where a test may kill the process, as a power cut would.

With `HANEUL_STOP_FILE=PATH` in its environment, a process that reaches the place which that file names removes the file
and kills itself: once, however often it is started again.
"""

import os
import signal

_path = os.environ.get("HANEUL_STOP_FILE", "")


def reached(name: str) -> None:
    """Say that the process is at this place; it is killed here if a test asked for that."""
    if _path:
        _stop_if_asked(name)


def _stop_if_asked(name: str) -> None:
    try:
        with open(_path) as file:
            asked = file.read().strip()
        if asked == name:
            os.unlink(_path)
            os.kill(os.getpid(), signal.SIGKILL)
    except FileNotFoundError:
        pass
