"""Real MariaDB, PostgreSQL, RabbitMQ and Swift servers for tests: started by hand on loopback, in a folder of
their own, and ended by process id with nothing left. A conftest takes its fixtures from `tests.servers.fixtures`."""
