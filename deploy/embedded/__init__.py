"""PostgreSQL and NATS from PyPI wheels, run as our own child processes that never outlive us."""
