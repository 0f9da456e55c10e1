from tests import surface


def test_every_table_loads_whole() -> None:
    operations = [call for service in surface.services_with_operations() for call in surface.operations(service)]
    assert len(operations) == 2562
    assert all(call.method and call.path and call.status for call in operations)
    assert sum(len(surface.policies(service)) for service in surface.services_with_policies()) == 2381
    assert {version.repo for version in surface.versions()} >= {"nova", "keystone"}
    assert len(surface.commands("openstack.identity.v3")) == 128
    assert len(surface.commands("openstack.image.v2")) == 42
    symbols = {"ADMIN", "ADMIN_OR_PROJECT_READER", "ADMIN_OR_PARENT_OWNER_MANAGER"}
    assert not symbols & {rule.default_check for rule in surface.policies("neutron")}
    assert next(place.default_port for place in surface.endpoints() if place.operations_file == "placement") == "8778"
