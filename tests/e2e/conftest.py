"""One real server for all end-to-end tests, and what must hold after each of them."""

import pytest
from e2e_crowd import Crowd
from e2e_server import Server, broken_invariants, unexpected_errors
from e2e_sms import Provider


@pytest.fixture(scope="session")
def server():
    server = Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def admin(server):
    return server.login("admin")


@pytest.fixture(scope="session")
def crowd(server, admin):
    """The company that the tests share."""
    return Crowd(server, admin)


@pytest.fixture(scope="session")
def friends(crowd):
    """220 friends with room for one job each."""
    return crowd.workers(220)


@pytest.fixture(scope="module")
def provider(server, crowd):
    provider = Provider(server, crowd)
    yield provider
    provider.settings(mode="ok")
    crowd.admin("crowd.gateway", "write", [provider.gateway], {"active": False})


@pytest.fixture(autouse=True)
def nothing_broken(server):
    """After each test: the invariants hold, and the log has no unexpected error."""
    server.new_log_lines()
    yield
    with server.cursor() as cr:
        broken = broken_invariants(cr)
    errors = unexpected_errors(server.new_log_lines())
    assert not broken, "\n".join(broken)
    assert not errors, "\n".join(errors)
