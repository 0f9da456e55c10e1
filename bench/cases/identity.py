"""Tokens."""

from bench.case import Bench, Case, rate
from bench.figures import Outcome
from bench.load import Plan, send


def validate(bench: Bench) -> Outcome:
    """A service's question whether a token is good, asked again and again over 8 connections."""
    cloud = bench.simulated
    request = cloud.prepared("GET", "/v3/auth/tokens", {"X-Subject-Token": cloud.token})
    port, count = cloud.port("identity"), bench.count(30_000)
    send(Plan(port=port, requests=[request], count=500, connections=8))
    plan = Plan(port=port, requests=[request], count=count, connections=8)
    version = Plan(port=port, requests=[cloud.prepared("GET", "/v3")], count=count, connections=8)
    return Outcome(
        figures=[
            rate("token validation", cloud, plan, target=6000),
            rate("version document (the bare kernel)", cloud, version),
        ]
    )


CASES = (Case(name="tokens", says="Token validation over HTTP per CPU second.", run=validate),)
