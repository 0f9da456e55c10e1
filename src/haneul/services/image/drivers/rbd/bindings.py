"""Ceph's Python bindings, which come with the distribution and not by pip: found there even from a virtual
environment."""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

# Where Debian's python3-rados and python3-rbd lie.
PLACES = ("/usr/lib/python3/dist-packages",)


def load(name: str) -> Any:
    """The module `rados` or `rbd`; ValueError if it is not installed for this Python."""
    try:
        return import_module(name)
    except ImportError:
        return _from_places(name)


def _from_places(name: str) -> Any:
    spec = PathFinder.find_spec(name, PLACES)
    if spec is None or spec.loader is None:
        raise ValueError(f"The Python module {name} of Ceph is not installed.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
