"""Takes the events that HubSpot would send, so that they can be sent in an order of our own.

A receiver on a free port of the loopback interface that accepts everything and keeps it. Weakness:
signatures are not checked here; the real route does that.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """`with Collector() as collector: …; collector.events`."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                with lock:
                    self.events.extend(json.loads(body))
                handler.send_response(204)
                handler.end_headers()

            def log_message(handler, *_words) -> None:
                """Standard error is not ours to fill."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Collector:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error) -> None:
        self._server.shutdown()
        self._server.server_close()
