"""Certificates of our own making, and given ones."""

import ipaddress
from pathlib import Path

import pytest
from cryptography import x509

from haneul.cli import certificates
from haneul.cli.failures import Failure
from haneul.host.account import own_account


def test_the_certificate_names_all_by_which_the_cloud_is_reached(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, ["192.0.2.7", "cloud.example"], own_account())
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("192.0.2.7") in names.get_values_for_type(x509.IPAddress)
    assert {"cloud.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert made.key.stat().st_mode & 0o077 == 0


def test_it_is_kept_until_the_names_change_and_the_authority_stays(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, ["a.example"], own_account()).certificate.read_bytes()
    assert certificates.ensure(tmp_path, ["a.example"], own_account()).certificate.read_bytes() == first
    authority = (tmp_path / "ca.pem").read_bytes()
    assert certificates.ensure(tmp_path, ["b.example"], own_account()).certificate.read_bytes() != first
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_a_key_that_a_crash_left_without_its_certificate_is_replaced_with_it(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, [], own_account())
    old = made.certificate.read_bytes()
    made.key.write_bytes((tmp_path / "ca.key").read_bytes())
    again = certificates.ensure(tmp_path, [], own_account())
    assert again.certificate.read_bytes() != old
    certificates.refuse_unusable(again.certificate, again.key)


def test_given_files_that_are_no_pair_are_refused(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, [], own_account())
    with pytest.raises(Failure, match="is not the key of"):
        certificates.refuse_unusable(made.certificate, tmp_path / "ca.key")
    with pytest.raises(Failure, match="There is no file"):
        certificates.refuse_unusable(made.certificate, tmp_path / "none")
    with pytest.raises(Failure, match="are not a PEM certificate"):
        certificates.refuse_unusable(made.key, made.certificate)
