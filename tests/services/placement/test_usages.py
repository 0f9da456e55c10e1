from tests.services.placement.making import allocate, at, caller_with, error, new_class, new_id, provider
from tests.support.cloud import Client, RunningCloud


def test_a_projects_usage_is_summed_by_type_and_user(admin: Client) -> None:
    name, project = new_class(admin), new_id()
    provider_id = provider(admin, has={name: 100})
    for user, kind, amount in (("rose", "INSTANCE", 2), ("lily", "INSTANCE", 3), ("lily", "MIGRATION", 5)):
        wanted = {provider_id: {name: amount}}
        made = allocate(admin, new_id(), wanted, project_id=project, user_id=user, consumer_type=kind)
        assert made.status_code == 204

    def usages(query: str = "", version: str = "1.39") -> object:
        return at(admin, version).get("placement", f"/usages?project_id={project}{query}").json()["usages"]

    assert usages() == {
        "INSTANCE": {name: 5, "consumer_count": 2},
        "MIGRATION": {name: 5, "consumer_count": 1},
    }
    assert usages("&user_id=lily&consumer_type=INSTANCE") == {"INSTANCE": {name: 3, "consumer_count": 1}}
    assert usages("&consumer_type=all") == {"all": {name: 10, "consumer_count": 3}}
    assert usages("&consumer_type=unknown") == {}
    assert usages("", "1.37") == {name: 10}
    assert usages("&user_id=rose", "1.9") == {name: 2}


def test_a_reader_sees_his_own_projects_usage_alone(cloud: RunningCloud, admin: Client) -> None:
    reader, project = caller_with(cloud, admin, "reader")
    assert at(reader).get("placement", f"/usages?project_id={project}").status_code == 200
    assert at(reader).get("placement", f"/usages?project_id={new_id()}").status_code == 403


def test_a_query_that_makes_no_sense_is_refused(admin: Client) -> None:
    for version, query, sentence in (
        ("1.39", "", "'project_id' is a required property"),
        ("1.39", "project_id=", "Failed validating 'minLength'"),
        ("1.39", "project_id=p&consumer_type=pear", "does not match"),
        ("1.37", "project_id=p&consumer_type=PEAR", "'consumer_type' was unexpected"),
    ):
        refused = at(admin, version).get("placement", f"/usages?{query}")
        assert (refused.status_code, sentence in error(refused)["detail"]) == (400, True)
    assert at(admin, "1.8").get("placement", "/usages?project_id=p").status_code == 404
