"""The servers' fixtures, for the servers' own tests."""

from tests.servers.fixtures import (
    amqp_url,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    rabbitmq_server,
)

__all__ = ["amqp_url", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url", "rabbitmq_server"]
