"""The load sends every request once, whatever the server does with its connections."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import load

BODY = '{"city": "Łódź"}'.encode()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.path, self.headers["X-Number"], body))
        self.send_response(202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_words):
        pass


class Stays(Handler):
    protocol_version = "HTTP/1.1"


@pytest.fixture(params=[Handler, Stays], ids=["closing", "keep-alive"])
def server(request):
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as running:
        running.bodies = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def requests(server, number):
    url = f"http://127.0.0.1:{server.server_port}/webhook/x"
    return [load.post(url, {"X-Number": str(n)}, BODY) for n in range(number)]


def test_every_request_is_sent_once_and_answered(server):
    address = f"127.0.0.1:{server.server_port}"
    with load.loaded(requests(server, 50), address, connections=4) as ready:
        report = ready.go()
    assert report.statuses == {"202": 50}
    assert len(report.seconds) == 50
    assert sorted(int(number) for _path, number, _body in server.bodies) == list(range(50))
    assert {(path, body) for path, _number, body in server.bodies} == {("/webhook/x", BODY)}
    assert 0 < report.extras()["load_cpu_share"] < 4


def test_a_server_that_is_not_there_is_no_success():
    sent = load.send([load.post("http://127.0.0.1:9/", {}, b"")] * 3, ("127.0.0.1", 9), 2)
    assert sent["statuses"] == {"ConnectionRefusedError": 3}


def test_requests_are_read_as_they_were_laid_out(tmp_path):
    bodies = [b"", b"one", bytes(range(256)) * 300]
    path = tmp_path / "requests"
    path.write_bytes(b"".join(load.LENGTH.pack(len(one)) + one for one in bodies))
    assert load.read(path) == bodies
