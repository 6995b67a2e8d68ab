"""What is hardly HTTP, or slow, written to a real server's socket: one answer, or it is closed.

Two processes of Odoo, nothing in front. Each way of framing a delivery carries a genuine event, and
most of them a second, signed delivery hidden in what a careless server would take for the next
request. Promise: no answer but 2xx, 4xx and 503; never two answers; what is answered 202 is stored
once, everything else not at all; what is hidden is never stored. What ./dev fuzz sends at random is
sent here one by one, together with what it does not know.

Whoever falls silent is let go after Odoo's two seconds; whoever trickles holds one process until
`--limit-time-real`, which kills that process, and nothing of what it held is stored.

Weakness: no proxy. What one makes of such a request is its own affair; ours closes every connection
after its first answer, so that there is no next request.
"""

import itertools
import json
import re
import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress

from odoo.tests import tagged

from ..account import PUBLIC_URL, encode, notification, sign
from .prefork import PreforkCase

PATIENCE = 60
STATUS_LINE = re.compile(rb'^HTTP/1', re.M)
CRLF = b'\r\n'
#: The rest of a delivery's headers that no case changes.
PLAIN = ('X-HubSpot-Signature-v3', 'X-HubSpot-Request-Timestamp', 'Content-Type')

_events = itertools.count(1)


class Delivery:
    """A genuine delivery of one event, to be written as the case wants it."""

    def __init__(self, path):
        self.event, self.path = next(_events), path
        self.body = encode([notification(self.event, portalId=62515)])
        self.headers = sign(self.body, PUBLIC_URL + path)

    def head(self, *lines, end=CRLF):
        """The request's head with `lines` for its framing."""
        start = b'POST %s HTTP/1.1' % self.path.encode()
        signed = [f'{name}: {self.headers[name]}'.encode() for name in PLAIN]
        return end.join((start, b'Host: odoo.example.com', *signed, *lines, b'', b''))

    @property
    def length(self):
        return b'Content-Length: %d' % len(self.body)

    @property
    def whole(self):
        return self.head(self.length) + self.body


def chunked(body, size=50):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b''.join(b'%x\r\n%s\r\n' % (len(part), part) for part in parts) + b'0\r\n\r\n'


CHUNKED = b'Transfer-Encoding: chunked'


#: Statuses of a framing that is wrong; 0 is a connection closed without a word.
BAD, FINE = (400, 401, 411, 413, 415, 0), (202,)


def framings(one, two):
    """`{name: (bytes, statuses that are right)}`.

    `one` is the delivery, `two` what is hidden behind or within it.
    """
    return {**lengths(one, two.whole), **chunkings(one, two.whole), **lines(one, two.whole)}


def lengths(one, hidden):
    body, length, bad, fine = one.body, len(one.body), BAD, FINE
    return {
        'pipelined': (one.whole + hidden, fine),
        'body longer than declared': (one.whole + b' ' * 50 + hidden, fine),
        'declared shorter, the rest is a request': (
            one.head(b'Content-Length: 10') + body[:10] + hidden, bad),
        'declared longer than it is': (one.head(b'Content-Length: %d' % (length + 1)) + body, bad),
        'no length': (one.head() + body, bad),
        'no length, but a request': (one.head() + hidden, bad),
        'two lengths, the first is right': (
            one.head(one.length, b'Content-Length: 0') + body + hidden, (*bad, 202)),
        'two lengths, the second is right': (
            one.head(b'Content-Length: 0', one.length) + body + hidden, (*bad, 202)),
        'the same length twice': (one.head(one.length, one.length) + body, (*bad, 202)),
        'a list of lengths': (one.head(one.length + b', %d' % length) + body, (*bad, 202)),
        'negative': (one.head(b'Content-Length: -1') + body + hidden, bad),
        'no number': (one.head(b'Content-Length: abc') + body + hidden, bad),
        'hexadecimal': (one.head(b'Content-Length: 0x%x' % length) + body, bad),
        'underscores': (one.head(b'Content-Length: 1_0') + body[:10] + hidden, bad),
        'plus': (one.head(b'Content-Length: +%d' % length) + body, (*bad, 202)),
        'huge': (one.head(b'Content-Length: 99999999999') + body + hidden, bad),
        'larger than any number': (one.head(b'Content-Length: ' + b'9' * 4000) + body, bad),
    }


def chunkings(one, hidden):
    body, length, bad, fine = one.body, len(one.body), BAD, FINE
    return {
        'chunked': (one.head(CHUNKED) + chunked(body) + hidden, fine),
        'chunked with a length': (
            one.head(one.length, CHUNKED) + chunked(body) + hidden, (*bad, 202)),
        'a length that ends in the first chunk': (
            one.head(b'Content-Length: 4', CHUNKED) + chunked(body) + hidden, (*bad, 202)),
        'no chunk, but a length': (
            one.head(b'Content-Length: %d' % (5 + len(hidden)), CHUNKED) + b'0\r\n\r\n' + hidden,
            bad),
        'chunked twice': (one.head(CHUNKED, CHUNKED) + chunked(body) + hidden, bad),
        'chunked as nobody spells it': (
            one.head(b'Transfer-Encoding: xchunked', one.length) + body + hidden, (*bad, 202)),
        'a space before the colon': (
            one.head(b'Transfer-Encoding : chunked', one.length) + body + hidden, (*bad, 202)),
        'identity': (one.head(b'Transfer-Encoding: identity') + body + hidden, bad),
        'an extension of a chunk': (
            one.head(CHUNKED) + b'%x;a=b\r\n%s\r\n0\r\n\r\n' % (length, body), (*bad, 202)),
        'a trailer': (
            one.head(CHUNKED) + chunked(body)[:-2] + b'X-Late: 1\r\n\r\n' + hidden, (*bad, 202)),
        'a chunk of negative size': (one.head(CHUNKED) + b'-5\r\n' + body + hidden, bad),
        'a chunk larger than memory': (one.head(CHUNKED) + b'f' * 16 + CRLF + body + hidden, bad),
        'a chunk that is cut': (one.head(CHUNKED) + b'%x\r\n' % length + body[:-9], bad),
        'chunks without an end': (one.head(CHUNKED) + chunked(body)[:-5], bad),
    }


def lines(one, hidden):
    body, length, bad = one.body, len(one.body), BAD
    return {
        'bare LF': (one.head(one.length, end=b'\n') + body + hidden, (*bad, 202)),
        'bare CR': (one.head(one.length, end=b'\r') + body + hidden, (*bad, 414, 431, 503)),
        'a length that is folded': (
            one.head(b'Content-Length:\r\n %d' % length) + body + hidden, (*bad, 202)),
        'a header that is folded': (
            one.head(b'X-Folded: a\r\n\tb', one.length) + body + hidden, (*bad, 202)),
        'NUL in a name': (one.head(b'X-N\0ul: a', one.length) + body + hidden, (*bad, 202)),
        'NUL in a value': (one.head(b'X-Nul: a\0b', one.length) + body + hidden, (*bad, 202)),
        'NUL in the length': (one.head(one.length + b'\0') + body + hidden, (*bad, 202)),
        'a line that is no header': (one.head(b'nonsense', one.length) + body, (*bad, 202)),
        'a line of 70,000': (one.head(b'X-Long: ' + b'a' * 70_000) + body, (*bad, 431)),
        'three hundred headers': (
            one.head(*(b'X-Many: 1',) * 300, one.length) + body, (*bad, 431)),
    }


@tagged('post_install', '-at_install')
class TestWire(PreforkCase):
    #: Two minutes are the default.
    options = ('--limit-time-real=12',)

    def exchange(self, sent, reset=False):
        """All that comes back; `reset`: go away without reading."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE) as peer:
            with suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(sent)
                if reset:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                    return b''
                peer.shutdown(socket.SHUT_WR)
            return received(peer)

    def assertOnce(self, name, answer, right):
        """:return: the status, after looking at what the whole answer is."""
        self.assertLessEqual(len(STATUS_LINE.findall(answer)), 1, f'{name}: two answers')
        status = status_of(answer)
        self.assertIn(status, right, f'{name}: {answer[:300]!r}')
        if status:
            self.assertIn(b'connection: close', answer.lower())
        return status

    def events(self):
        """The ids of all that is stored, in order."""
        rows = self.database.rows(
            'SELECT payload FROM sync_event WHERE connection_id = %s', self.opened)
        return sorted(json.loads(payload)['eventId'] for [payload] in rows)

    def test_every_framing_ends_in_one_answer_and_nothing_hidden_is_stored(self):
        before, owed = self.events(), []
        for name in framings(Delivery(self.to.open), Delivery(self.to.open)):
            one, two = Delivery(self.to.open), Delivery(self.to.open)
            sent, right = framings(one, two)[name]
            with self.subTest(name):
                if self.assertOnce(name, self.exchange(sent), right) == 202:
                    owed.append(one.event)
        self.assertEqual(self.events(), sorted(before + owed))
        self.assertGreater(len(owed), 5)
        self.assertNotIn('Traceback', self.server.log())

    def test_a_signed_body_that_is_cut_anywhere_is_never_accepted(self):
        """Cut by going away, politely or not, or by a length that is too small."""
        before = self.events()
        for number in range(30):
            one = Delivery(self.to.open)
            end = len(one.body) * number // 30
            shorter = one.head(b'Content-Length: %d' % end) + one.body[:end]
            for sent in (one.head(one.length) + one.body[:end], shorter):
                with self.subTest(end=end, length=sent is not shorter):
                    answer = self.exchange(sent)
                    self.assertOnce('cut', answer, (400, 401))
                    self.assertIn(b'Content-Type: application/json', answer)
                    self.exchange(sent, reset=True)
        self.assertEqual(self.events(), before)

    def test_whoever_goes_away_before_the_answer_is_stored_whole_or_not_at_all(self):
        """And a second try of the same delivery is a duplicate at most."""
        before, sent = self.events(), [Delivery(self.to.open) for _number in range(20)]
        for one in sent:
            self.exchange(one.whole, reset=True)
        for one in sent:
            self.assertOnce('again', self.exchange(one.whole), (202,))
        self.assertEqual(self.events(), before + [one.event for one in sent])

    # --- slow ones ----------------------------------------------------------------------------

    def test_silence_at_any_place_is_ended_and_the_quiet_account_comes_next(self):
        """More silent connections than there are processes, before the quiet account's delivery.
        """
        one, before = Delivery(self.to.open), self.events()
        head, body = one.head(one.length), one.body
        begun = (b'', b'POST /saas', head[:90], head[:-2], head, head + body[:-1],
                 one.head(CHUNKED) + chunked(body)[:-2])
        with ExitStack() as stack:
            silent = [stack.enter_context(self.open(sent)) for sent in begun]
            quiet = Delivery(self.to.open)
            self.assertOnce('quiet', self.exchange(quiet.whole), (202,))
            for sent, peer in zip(begun, silent, strict=True):
                self.assertOnce(sent[-40:], received(peer), (400, 0))
        self.assertEqual(self.events(), [*before, quiet.event])

    def test_one_that_trickles_leaves_a_process_to_the_quiet_account(self):
        """And is served itself, once, when it ends in time."""
        slow, before = Delivery(self.to.open), self.events()
        others = [Delivery(self.to.open) for _number in range(5)]
        with self.open(slow.head(slow.length)) as peer, Trickle(peer, slow.body[:8]) as trickle:
            for other in others:
                self.assertOnce('other', self.exchange(other.whole), (202,))
            self.assertEqual(self.events(), before + [other.event for other in others])
            trickle.join()
            peer.sendall(slow.body[8:])
            self.assertOnce('slow', received(peer), (202,))
        events = [slow.event, *(other.event for other in others)]
        self.assertEqual(self.events(), before + events)

    def test_as_many_as_there_are_processes_hold_all_until_odoo_kills_those(self):
        """What Odoo's server alone cannot prevent: docs/security.md, known limits. The quiet
        account waits, and is served by the processes that come after; what was held is lost, not
        half stored."""
        one, before = Delivery(self.to.open), self.events()
        long = b'X-Long: ' + b'a' * 1000
        with (
            self.open(one.head()[:-2]) as head, self.open(one.head(one.length)) as body,
            Trickle(head, long), Trickle(body, one.body),
        ):
            quiet = Delivery(self.to.open)
            self.assertOnce('quiet', self.exchange(quiet.whole), (202,))
            self.assertEqual((received(head), received(body)), (b'', b''))
        self.assertEqual(self.events(), [*before, quiet.event])
        self.assertIn('timeout after 12s', self.server.log())

    def open(self, sent):
        peer = socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE)
        peer.sendall(sent)
        return peer


class Trickle(threading.Thread):
    """Sends a byte every quarter of a second, until all are sent, it is refused or left."""

    def __init__(self, peer, sent):
        super().__init__(daemon=True)
        self._peer, self._sent, self._left = peer, sent, threading.Event()

    def run(self):
        with suppress(OSError):
            for number in range(len(self._sent)):
                self._peer.sendall(self._sent[number:number + 1])
                if self._left.wait(0.25):
                    return

    def __enter__(self):
        self.start()
        time.sleep(0.5)  # so that a process has taken it
        return self

    def __exit__(self, *_error):
        self._left.set()
        self.join()


def received(peer):
    """What comes until the other side closes."""
    found = bytearray()
    with suppress(ConnectionResetError):
        while part := peer.recv(65536):
            found += part
    return bytes(found)


def status_of(answer):
    words = answer.split(b' ', 2)
    return int(words[1]) if answer.startswith(b'HTTP/') else 0
