"""Builds a small guest image from Debian's packages, for hosts that have no image of their own yet."""

from haneul.host.guest_image.build import LOGIN, PACKAGES, PASSWORD, BuildFailed, BuiltImage, build

__all__ = ["LOGIN", "PACKAGES", "PASSWORD", "BuildFailed", "BuiltImage", "build"]
