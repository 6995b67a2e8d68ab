"""Which server is used, and how an address is read."""

import pytest

from devkit.postgres import Cluster, from_url, given
from devkit.problems import Problem


def test_without_variables_no_server_is_given():
    assert given({"HOME": "/root"}) is None


def test_a_url_is_taken_apart_with_its_escapes():
    url = "postgresql://sync:p%40ss%2Fword@db.example.com:6543/postgres?sslmode=require"
    assert from_url(url) == {
        "PGHOST": "db.example.com",
        "PGPORT": "6543",
        "PGUSER": "sync",
        "PGPASSWORD": "p@ss/word",
        "PGSSLMODE": "require",
    }


def test_a_url_may_name_a_socket_folder():
    assert from_url("postgres://odoo@/postgres?host=/run/postgresql")["PGHOST"] == "/run/postgresql"


def test_a_url_goes_before_the_variables():
    environment = {"DATABASE_URL": "postgresql://a@one/x", "PGHOST": "two", "PGUSER": "b"}
    assert given(environment)["PGHOST"] == "one"


def test_the_usual_variables_are_enough():
    environment = {"PGHOST": "db", "PGUSER": "b", "PGDATABASE": "ignored"}
    assert given(environment) == {"PGHOST": "db", "PGUSER": "b"}


@pytest.mark.parametrize("url", ["mysql://a@b/c", "just words", "postgresql://a@b:port/c"])
def test_an_address_of_something_else_gets_a_sentence(url):
    with pytest.raises(Problem, match="DATABASE_URL") as caught:
        given({"DATABASE_URL": url})
    assert "CREATE ROLE odoo" in str(caught.value)


def test_the_socket_folder_fits_the_limit_of_unix_sockets_in_a_deep_checkout(layout):
    deep = layout.checkout.joinpath(*["a-folder-with-a-long-name"] * 6)
    cluster = Cluster(type(layout)(deep))
    assert len(cluster.server.variables["PGHOST"] + "/.s.PGSQL.5432") <= 107
