"""What a server's config drive says: what its metadata does. Source: Nova's "Config drives" guide."""

from haneul.services.compute.drivers.base import GuestFile
from haneul.services.compute.metadata import documents
from haneul.services.compute.metadata.facts import Facts

VERSIONS = ("2018-08-27", "latest")


def files_of(facts: Facts) -> tuple[GuestFile, ...]:
    """The files of a server's config drive: the OpenStack tree and Amazon's, each under its newest names."""
    given = documents.user_data(facts)
    files = [GuestFile("ec2/latest/meta-data.json", documents.as_json(documents.ec2(facts, VERSIONS[-1])))]
    if given is not None:
        files.append(GuestFile("ec2/latest/user-data", given))
    for version in VERSIONS:
        folder = f"openstack/{version}"
        files.append(GuestFile(f"{folder}/meta_data.json", documents.as_json(documents.openstack(facts))))
        files.append(GuestFile(f"{folder}/network_data.json", documents.as_json(documents.network_data(facts))))
        files.append(GuestFile(f"{folder}/vendor_data.json", b"{}"))
        if given is not None:
            files.append(GuestFile(f"{folder}/user_data", given))
    return tuple(files)
