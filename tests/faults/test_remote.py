"""The account lies, stalls, limits and forgets: what it answered is not what it did.

Faults are those of the sandbox (sandbox/README.md). After each of them everything is where it
belongs, once, and no person is asked for anything.
"""

from __future__ import annotations

import itertools

import pytest

from tests.faults.scene import Scene

pytestmark = pytest.mark.long

_numbers = itertools.count(1)
#: The answer is lost or worthless, and the work was done all the same.
AMBIGUOUS = {
    "cut after the commit": {"kind": "commit_then_drop"},
    "502 after the commit": {"kind": "http_502", "commit": True},
    "silence after the commit": {"kind": "hang", "ms": 200, "commit": True},
    "half an answer": {"kind": "truncated"},
    "a page": {"kind": "html", "commit": True},
    "nothing": {"kind": "empty", "commit": True},
    "bytes": {"kind": "garbage", "commit": True},
}
#: Nothing was done, whatever the answer looks like.
REFUSED = {
    "a cut": {"kind": "reset"},
    "503": {"kind": "http_503"},
    "503, later": {"kind": "http_503", "retry_after": "1"},
    "locked": {"kind": "http_423"},
    "moving": {"kind": "http_477", "retry_after": "1"},
    "a page": {"kind": "html"},
    "nothing": {"kind": "empty"},
    "success without results": {"kind": "silent_noop"},
}


def all_kinds_of_writes(scene):
    """A creation, a change, an archiving and two new memberships wait to be sent."""
    word = f"Kinds {next(_numbers)}"
    kept, gone = scene.create(f"{word} kept", f"{word} gone")
    scene.settle()
    scene.odoo(
        """
kept, gone = env['res.partner'].browse(ids)
company = env['res.partner'].create({'name': word + ' Ltd', 'is_company': True})
kept.write({'city': 'Gent', 'parent_id': company.id})
env['res.partner'].create({'name': word + ' new', 'parent_id': company.id})
gone.action_archive()
""",
        ids=[kept, gone],
        word=word,
    )
    return word, kept, gone


def assert_all_written(scene, word, kept, gone):
    assert scene.contacts(word) == [f"{word} kept", f"{word} new"]
    kept_id, gone_id = scene.remote_ids(kept, gone)
    found = scene.box.object("contacts", kept_id)
    assert found["properties"]["city"] == "Gent"
    assert scene.box.object("contacts", gone_id)["archived"]
    companies = [
        one for one in scene.box.objects("companies") if one["properties"]["name"] == f"{word} Ltd"
    ]
    assert len(companies) == 1
    assert [str(one["id"]) for one in found["associations"]["companies"]] == [companies[0]["id"]]


#: The calls by which records are created, changed and archived, and associations written.
WRITES = ("batch/upsert", "batch/update", "batch/archive", "associations/.*batch/(create|archive)")


def test_every_write_of_which_no_answer_came(scene: Scene):
    """Each kind of write is done, and its answer lost, in every way there is, one after another."""
    work = all_kinds_of_writes(scene)
    scene.box.faults(*in_turn(AMBIGUOUS, WRITES))
    scene.settle(rounds=40)
    assert_all_written(scene, *work)


def test_every_write_that_was_not_done(scene: Scene):
    work = all_kinds_of_writes(scene)
    scene.box.faults(*in_turn(REFUSED, WRITES))
    scene.settle(rounds=40)
    assert_all_written(scene, *work)


def in_turn(answers, calls):
    """Faults that strike each of the calls once in every way."""
    return [{"match": call, "count": 1, **answer} for call in calls for answer in answers.values()]


@pytest.mark.parametrize("answer", [*REFUSED, "half an answer"])
def test_reads_that_bring_nothing(scene: Scene, answer):
    """An empty or broken answer to a read is neither a deletion nor a failure of its records."""
    fault = REFUSED.get(answer) or {"kind": "truncated"}
    number = next(_numbers)
    ids = scene.enter(f"Read {number} 1", f"Read {number} 2")
    scene.tell(*ids)
    scene.settle()
    scene.box.change("contacts", [{"id": one, "properties": {"city": "Lier"}} for one in ids])
    scene.tell(*ids)
    scene.box.faults({"match": "batch/read", "count": 4, **fault})
    scene.settle(rounds=16)
    rows = scene.database.rows(
        "SELECT city, active FROM res_partner WHERE starts_with(name, %s)", f"Read {number} "
    )
    assert rows == [("Lier", True)] * 2


@pytest.mark.parametrize("retry_after", [None, "1", "0", "Sat, 21 Nov 2026 00:00:00 GMT", "1.5",
"-5",
                                         "soon", "999999999"])  # fmt: skip
def test_being_slowed_down_costs_no_try(scene: Scene, retry_after):
    """Whatever the account says of when to come back: it is believed within reason."""
    number = next(_numbers)
    scene.create(f"Slow {number}")
    fault = {"kind": "http_429", "match": "batch/upsert", "count": 1}
    scene.box.faults(fault | ({"retry_after": retry_after} if retry_after is not None else {}))
    scene.work()
    for lane in scene.lanes():  # none where it may come back at once, and did
        assert lane["state"] in ("waiting", "ready")
        assert (lane["attempts"], lane["error_class"]) == (0, "rate_limit")
    late = scene.lanes("run_at > now() AT TIME ZONE 'UTC' + interval '26 hours 1 minute'")
    assert late == [], "no account may silence us for ever"
    forget_budget(scene)
    scene.settle()
    assert scene.contacts(f"Slow {number}") == [f"Slow {number}"]


def test_the_limit_of_the_day_holds_everything_and_fails_nothing(scene: Scene):
    scene.create("Daily 1", "Daily 2")
    scene.tell(*scene.enter("Daily 3"))
    scene.box.faults({"kind": "http_429", "policy": "DAILY"})
    scene.work()
    mark = scene.box.last_n()
    for _time in range(3):
        scene.work()
    assert scene.box.ledger(after=mark) == [], "who was told that the day is over keeps silent"
    assert {(lane["state"], lane["attempts"]) for lane in scene.lanes()} <= {
        ("waiting", 0),
        ("ready", 0),
    }
    scene.box.faults()
    forget_budget(scene)
    scene.settle()
    assert scene.contacts("Daily") == ["Daily 1", "Daily 2", "Daily 3"]


def forget_budget(scene):
    """The time that the account asked for is over."""
    scene.database.execute("DELETE FROM sync_budget")
    scene.database.execute("DELETE FROM sync_breaker")


def test_a_refused_token_in_mid_batch_stops_the_account_and_no_record(scene: Scene):
    """Two batches in one round: the token is refused at the second. Nothing fails, nothing is lost;
    one person enters a new token, and the work goes on.
    """
    scene.odoo("env['sync.connection'].browse(id).batch_size = 2", id=scene.connection)
    names = [f"Token {number}" for number in range(4)]
    scene.create(*names)
    scene.box.faults({"kind": "expired_token", "match": "batch/upsert", "rate": 1, "count": 2})
    scene.work()
    state = scene.database.value("SELECT state FROM sync_connection")
    assert state == "needs_auth"
    assert {lane["attempts"] for lane in scene.lanes()} == {0}
    scene.box.faults()
    scene.odoo(
        """
connection = env['sync.connection'].browse(id)
connection.access_token_input = token
connection.action_test()
connection.batch_size = 100
""",
        id=scene.connection,
        token=scene.box.token,
    )
    scene.settle()
    assert scene.contacts("Token") == names


def test_one_bad_record_among_many(scene: Scene):
    """400 and 409 refuse a whole batch, 207 a part: only the record at fault waits for a person."""
    [taken] = scene.create("Unique 0", email="taken@unique.example.com")
    scene.settle()
    names = [f"Unique {number}" for number in range(1, 8)]
    ids = scene.create(*names)
    scene.write([ids[3]], email="not an address")
    scene.settle(failed=1)
    assert scene.contacts("Unique") == ["Unique 0", *names[:3], *names[4:]]
    scene.write([ids[3]], email="four@unique.example.com")
    scene.settle()
    assert scene.contacts("Unique") == ["Unique 0", *names]
    assert taken


def test_a_record_deleted_between_its_news_and_our_look(scene: Scene):
    """Nobody ever saw it: it is ignored, and its neighbours in the batch are not."""
    gone, there, known = scene.enter("Brief gone", "Brief there", "Brief known")
    scene.tell(known)
    scene.settle()
    scene.box.change(
        "contacts", [{"id": gone, "action": "delete"}, {"id": known, "action": "gdpr_delete"}]
    )
    scene.tell(gone, there, known)
    scene.work()
    assert scene.partners("Brief there") == ["Brief there"]
    # What cannot be found at all is believed to be gone after a minute only.
    scene.database.execute(
        "UPDATE sync_event SET create_date = create_date - interval '5 minutes'"
        " WHERE state = 'pending'"
    )
    scene.settle()
    assert scene.partners("Brief ") == ["Brief there"]


def test_a_record_that_shows_late(scene: Scene):
    """Reads lag behind the news of a creation, and searches behind both."""
    scene.box.call("POST", "config", {"read_lag_ms": 1500, "search_lag_ms": 1500})
    ids = scene.enter("Lagging 1", "Lagging 2")
    scene.tell(*ids)
    scene.create("Lagging 3")
    scene.until(lambda: rounds_until(scene, 3), "all of them are here", 15)
    scene.box.call("POST", "config", {"read_lag_ms": 0, "search_lag_ms": 0})
    scene.settle()
    assert scene.contacts("Lagging") == ["Lagging 1", "Lagging 2", "Lagging 3"]


def rounds_until(scene, number):
    scene.hurry()
    scene.work()
    return len(scene.partners("Lagging")) == number


def test_merged_while_a_change_of_either_waits(scene: Scene):
    """Changes of both wait in Odoo when the account merges the two: what is left has them."""
    first, second = scene.create("Merged one", "Merged two")
    scene.settle()
    ids = scene.remote_ids(first, second)
    scene.write([first], city="Gent")
    scene.write([second], city="Gent")
    merged = scene.box.change("contacts", {"id": ids[0], "action": "merge", "other": ids[1]})["id"]
    scene.settle(rounds=12)
    scene.tell(merged, kind="merge")
    scene.settle(rounds=12)
    found = scene.box.object("contacts", merged)
    assert found["properties"]["city"] == "Gent"
    live = scene.database.rows(
        "SELECT remote_id FROM sync_link WHERE res_id = ANY(%s) AND res_model = 'res.partner'"
        " AND deleted_at IS NULL",
        [first, second],
    )
    assert live == [(merged,)]


TWO_CALLS = """
connection = env['sync.connection'].browse(id)
result = connection._connector().account().account_id
"""


def test_two_workers_whose_token_is_refused_at_once_refresh_it_once(scene: Scene):
    """Six workers hold the same token when the account stops to accept it."""
    sign_in(scene)
    scene.box.call("POST", "auth", {"expire_access": True})
    mark = scene.box.last_n()
    workers = [scene.worker(code=TWO_CALLS, id=scene.connection) for _number in range(6)]
    for worker in workers:
        assert worker.wait().status == 0, worker.output()
    refreshes = [
        call for call in scene.box.ledger(after=mark)
        if call["path"].endswith("/token") and call["method"] == "POST"
    ]  # fmt: skip
    assert len(refreshes) == 1
    scene.create("Signed in")
    scene.settle()
    assert scene.contacts("Signed in") == ["Signed in"]


SIGN_IN = """
import requests
connection = env['sync.connection'].browse(id)
connection.write({'auth_method': 'oauth', 'client_id': client_id})
answer = requests.get(url + '/oauth/authorize', allow_redirects=False, timeout=10, params={
    'client_id': client_id, 'state': 'x', 'redirect_uri': connection.oauth_redirect_url})
code = answer.headers['Location'].partition('code=')[2].partition('&')[0]
connection._oauth_store(connection._oauth_request({
    'grant_type': 'authorization_code', **connection._oauth_client(), 'code': code,
    'redirect_uri': connection.oauth_redirect_url}))
"""


def sign_in(scene):
    client_id = scene.box.info["client_id"]
    scene.odoo(SIGN_IN, id=scene.connection, url=scene.box.url, client_id=client_id)
