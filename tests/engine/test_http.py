"""The HTTP client against a real socket: what is sent, what comes back, tokens and limits."""

from __future__ import annotations

import json

import pytest
from http_doubles import OK, SECRET, Breaker, Budget, Token, client, get, post
from tiny_server import TinyServer, answer

from engine.errors import AuthError, ContractError, RateLimitError, TransientError
from engine.http import RateReading

# --- what is sent and what comes back -------------------------------------------------------------


def test_a_request_carries_token_correlation_agent_query_and_compact_json():
    with TinyServer(answer(201, {'id': '7'}, X_HubSpot_Correlation_Id='abc')) as server:
        response = client(server, correlation_id='corr-1').request(
            'POST', '/v/1', json={'name': 'Zoë', 'n': None}, params={'q': 'ä b'}, idempotent=False
        )
        assert (response.status, response.json(), response.request_id) == (201, {'id': '7'}, 'abc')
        assert response.headers['content-length'] == '11'
        assert server.requests[0].startswith(b'POST /v/1?q=%C3%A4+b HTTP/1.1\r\n')
        assert json.loads(server.body(0)) == {'name': 'Zoë', 'n': None}
        assert b' ' not in server.body(0)
        sent = {
            'Authorization': f'Bearer {SECRET}',
            'X-Correlation-Id': 'corr-1',
            'User-Agent': 'test/1',
            'Content-Type': 'application/json',
            'Accept': 'application/json',
        }
        assert {name: server.header(0, name) for name in sent} == sent


def test_a_request_without_authentication_carries_no_token_and_needs_none():
    with TinyServer(answer(401, {'error': 'invalid_client'})) as server:
        response = get(client(server, token=None), authenticated=False)
        assert response.status == 401
        assert server.header(0, 'Authorization') is None


def test_an_authenticated_request_without_a_token_is_not_sent():
    with TinyServer() as server:
        with pytest.raises(AuthError):
            get(client(server, token=None))
        assert server.requests == []


def test_a_form_is_sent_as_a_form():
    with TinyServer(OK) as server:
        client(server).request('POST', '/t', form={'a': 'b&c', 'd': 'é'}, idempotent=True)
        assert server.body(0) == b'a=b%26c&d=%C3%A9'
        assert server.header(0, 'Content-Type') == 'application/x-www-form-urlencoded'


def test_bytes_are_sent_as_they_are_and_only_their_size_is_kept():
    calls = []
    with TinyServer(OK) as server:
        client(server, on_call=calls.append).request(
            'PUT', '/x', content=b'Id,Name\n1,Ada\n', headers={'Content-Type': 'text/csv'},
            idempotent=False,
        )  # fmt: skip
        assert server.body(0) == b'Id,Name\n1,Ada\n'
        assert server.header(0, 'Content-Type') == 'text/csv'
    assert calls[0].request_summary == '14 bytes'


def test_nothing_new_is_an_answer_to_whoever_asked_for_news_and_to_nobody_else():
    """304 was taken for a redirection: a describe with If-Modified-Since could not be asked."""
    since = {'If-Modified-Since': 'Sat, 21 Nov 2026 12:00:00 GMT'}
    with TinyServer(answer(304), answer(304)) as server:
        asked = client(server).request('GET', '/x', headers=since, idempotent=True)
        assert asked.status == 304
        with pytest.raises(ContractError, match='redirection'):
            get(client(server))


def test_own_headers_may_be_added():
    with TinyServer(OK) as server:
        get(client(server), headers={'X-Extra': '1'})
        assert server.header(0, 'X-Extra') == '1'


@pytest.mark.parametrize('status', [200, 201, 202, 204, 207, 400, 403, 404, 409, 414])
def test_every_verdict_of_the_remote_is_handed_to_the_connector(status):
    with TinyServer(answer(status, b'' if status == 204 else {'s': status})) as server:
        breaker = Breaker()
        assert post(client(server, breaker=breaker)).status == status
        assert breaker.recorded == [True]


def test_answers_on_one_connection_do_not_mix():
    def twice(connection, _request):
        for number in (b'1', b'2'):
            connection.sendall(b'HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\n' + number)
            if number == b'1':
                connection.recv(65536)

    with TinyServer(twice) as server:
        http = client(server)
        assert [get(http).body, get(http).body] == [b'1', b'2']
        assert len(server.requests) == 1  # the second came over the same connection
        http.close()


def test_a_body_that_is_no_json_is_a_contract_error_with_the_facts():
    with TinyServer(answer(200, b'<html>', Content_Type='text/html', Request_Id='r1')) as server:
        response = get(client(server))
        with pytest.raises(ContractError, match='text/html') as refused:
            response.json()
        assert (refused.value.status, refused.value.request_id) == (200, 'r1')


@pytest.mark.parametrize('body', [b'', b'{', b'[' * 100_000, b'1' * 5000, b'\xff', b'NaN'])
def test_json_beyond_reason_is_a_contract_error(body):
    with TinyServer(answer(200, body)) as server, pytest.raises(ContractError):
        get(client(server)).json()


def test_a_request_has_one_body_and_a_path():
    with TinyServer() as server:
        with pytest.raises(ValueError, match='one body'):
            client(server).request('POST', '/x', json={}, form={}, idempotent=True)
        with pytest.raises(ValueError, match='slash'):
            get(client(server), '@attacker.example/x')
        with pytest.raises(ValueError, match='JSON'):
            client(server).request('POST', '/x', json=float('nan'), idempotent=True)
        assert server.requests == []


# --- tokens ---------------------------------------------------------------------------------------


def test_a_refused_token_is_refreshed_once_and_the_request_repeated_even_when_it_creates():
    token = Token(fresh=['fresh-token'])
    with TinyServer(answer(401, {}), OK) as server:
        assert post(client(server, token=token)).status == 200
        assert token.refreshed == [f'Bearer {SECRET}']
        assert server.header(1, 'Authorization') == 'Bearer fresh-token'
        assert server.body(0) == server.body(1)


def test_a_token_that_is_refused_after_the_refresh_needs_a_person():
    token = Token(fresh=['fresh-token', 'another'])
    with TinyServer(answer(401, {}), answer(401, {}, Request_Id='r2')) as server:
        with pytest.raises(AuthError, match='401') as refused:
            get(client(server, token=token))
        assert (refused.value.status, refused.value.request_id) == (401, 'r2')
        assert 'connect again' in refused.value.user_message
        assert len(token.refreshed) == 1


def test_where_there_is_no_other_token_the_request_is_not_repeated():
    with TinyServer(answer(401, {})) as server:
        with pytest.raises(AuthError):
            get(client(server))
        assert len(server.requests) == 1


# --- limits of the remote -------------------------------------------------------------------------


def test_every_try_asks_the_budget_of_its_bucket():
    budget = Budget()
    with TinyServer(answer(500), OK) as server:
        get(client(server, budget=budget), bucket='search')
        assert budget.taken == ['search', 'search']


def test_a_short_wait_for_the_budget_is_slept_and_asked_again():
    with TinyServer(OK) as server:
        http = client(server, budget=Budget(0.4, 0.2))
        get(http)
        assert http.sleeps == [0.4, 0.2]


def test_a_long_wait_for_the_budget_is_left_to_the_lane():
    breaker = Breaker()
    with TinyServer() as server:
        http = client(server, budget=Budget(3, 3), breaker=breaker)
        with pytest.raises(RateLimitError) as refused:
            get(http)
        assert (http.sleeps, refused.value.retry_after) == ([3], 3)
        assert server.requests == []
        assert breaker.recorded == []  # a probe would have been lost


@pytest.mark.parametrize(('headers', 'seconds'), [({'Retry_After': '7'}, 7), ({}, 10)])
def test_a_429_blocks_the_bucket_for_everybody_and_is_not_repeated(headers, seconds):
    budget, breaker = Budget(), Breaker()
    with TinyServer(answer(429, {}, **headers)) as server:
        with pytest.raises(RateLimitError) as limited:
            get(client(server, budget=budget, breaker=breaker), bucket='search')
        assert limited.value.retry_after == seconds
        assert budget.learnt == [('search', {'blocked_for': seconds})]
        assert breaker.recorded == [True]
        assert len(server.requests) == 1


def test_the_connector_reads_limits_and_429_in_its_own_way():
    def rate_headers(headers):
        return [RateReading('burst', limit=int(headers['max']), remaining=3, period=10)]

    def rate_limited(response, bucket):
        assert response.json() == {'policyName': 'DAILY'}
        error = RateLimitError('daily', code='DAILY', retry_after=3600)
        return RateReading('daily', blocked_for=3600), error

    budget = Budget()
    with TinyServer(answer(200, Max='190'), answer(429, {'policyName': 'DAILY'}, Max='190')) as (
        server
    ):
        http = client(server, budget=budget)
        http.rate_headers, http.rate_limited = rate_headers, rate_limited
        get(http)
        with pytest.raises(RateLimitError) as limited:
            get(http)
        assert limited.value.code == 'DAILY'
        reading = ('burst', {'limit': 190, 'remaining': 3, 'period': 10})
        assert budget.learnt == [reading, reading, ('daily', {'blocked_for': 3600})]


def test_without_budget_and_breaker_a_client_simply_sends():
    with TinyServer(answer(429, {}), OK) as server:
        http = client(server, budget=None, breaker=None)
        with pytest.raises(RateLimitError):
            get(http)
        assert get(http).status == 200


def test_an_open_breaker_stops_the_call_before_it_is_sent_and_is_not_retried():
    breaker = Breaker(is_open=True)
    with TinyServer() as server:
        http = client(server, breaker=breaker)
        with pytest.raises(TransientError) as stopped:
            get(http)
        assert (stopped.value.retry_after, http.sleeps) == (30, [])
        assert (server.requests, breaker.recorded) == ([], [])
