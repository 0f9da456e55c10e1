"""What doctor says of KVM follows the device as it is on this machine."""

import json
import os
from pathlib import Path

import pytest

from haneul.cli.checks import machine
from haneul.cli.checks.finding import Finding, Subject
from haneul.cli.tree.layout import Layout


def said_of_kvm(state: Path) -> Finding:
    (found,) = machine.kvm(Subject(Layout(state)))
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to root")
def test_what_keeps_guests_from_kvm_is_named_with_its_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "kvm"
    monkeypatch.setattr(machine, "KVM_DEVICE", device)
    found = said_of_kvm(tmp_path / "state")
    assert (found.verdict, found.fact) == ("note", f"There is no {device}, so guests are emulated.")
    device.touch(0o600)
    found = said_of_kvm(tmp_path / "state")
    assert found.fact == f"Only root may open {device}, so guests are emulated."
    assert f"chgrp kvm {device}; chmod 660 {device}" in found.fix
    device.chmod(0o666)
    assert said_of_kvm(tmp_path / "state").fix == "haneul up"


def test_what_was_found_out_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.agent.mkdir(parents=True)
    for accelerator, verdict in (("kvm", "ok"), ("tcg", "note")):
        answer = {"accelerator": accelerator, "because": "A kernel booted."}
        (layout.agent / "accelerator.json").write_text(json.dumps(answer))
        found = said_of_kvm(tmp_path)
        assert (found.verdict, found.fact) == (verdict, f"Guests use {accelerator.upper()}: A kernel booted.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try out types of networks")
def test_each_type_of_networks_is_carried_or_said_not_to_be(tmp_path: Path) -> None:
    found = list(machine.segment_types(Subject(Layout(tmp_path / "none"))))
    carried = found[0].fact.partition(": ")[2].rstrip(".").split(", ")
    assert {"flat", "local"} <= set(carried)
    lacking = {one.fact.rpartition(" ")[2].rstrip("."): one.fix for one in found[1:]}
    assert lacking.keys() == machine.ALL_TYPES - set(carried)
    assert all(fix.startswith(f"modprobe {machine.MODULES[name]}") for name, fix in lacking.items())


def test_a_missing_program_of_networks_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {"nonesuch": ("nonesuch-tools", "It does nothing.")}
    monkeypatch.setattr(machine, "NETWORK_PROGRAMS", lacking)
    found = next(iter(machine.network_programs(Subject(Layout(tmp_path / "none")))))
    assert (found.verdict, found.fact) == ("wrong", "nonesuch is not installed.")
    assert (found.why, found.fix) == ("It does nothing.", "apt-get install nonesuch-tools")
