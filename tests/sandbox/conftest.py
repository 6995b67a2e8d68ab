"""Running sandboxes, clients for their two ports, and receivers for what they send."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from sandbox.core.sandbox import Sandbox
from sandbox.hubspot.config import DEFAULT_TOKEN
from sandbox.hubspot.provider import HubSpot
from sandbox.salesforce import config as salesforce
from sandbox.salesforce.provider import Salesforce

ROOT = Path(__file__).resolve().parents[2]


class Client(requests.Session):
    """Paths instead of addresses."""

    def __init__(self, base: str, token: str | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self.base = base
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method, url, *args, **kwargs):
        return super().request(method, self.base + url, *args, timeout=20, **kwargs)


class Api(Client):
    """The provider's port, with the paths of one API version."""

    def create(self, kind: str, **properties: str) -> str:
        answer = self.post(f"/crm/v3/objects/{kind}", json={"properties": properties})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def read(self, kind: str, record_id: str, *names: str) -> dict:
        query = {"properties": ",".join(names)} if names else {}
        answer = self.get(f"/crm/v3/objects/{kind}/{record_id}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, kind: str, **body) -> requests.Response:
        return self.post(f"/crm/v3/objects/{kind}/search", json=body)

    def batch(self, kind: str, action: str, inputs: list[dict], **body) -> requests.Response:
        return self.post(f"/crm/v3/objects/{kind}/batch/{action}", json={"inputs": inputs, **body})

    def add_unique_property(self, kind: str, name: str = "odoo_external_id") -> str:
        group = {"contacts": "contactinformation", "companies": "companyinformation"}
        body = {"name": name, "label": name, "type": "string", "fieldType": "text"}
        body |= {"groupName": group.get(kind, "dealinformation"), "hasUniqueValue": True}
        assert self.post(f"/crm/v3/properties/{kind}", json=body).status_code == 201
        return name


class SalesforceApi(Client):
    """Salesforce's port, with the paths of one API version."""

    def __init__(self, base: str, token: str, version: str = "v66.0") -> None:
        super().__init__(base, token)
        self.version = version

    def request(self, method, url, *args, **kwargs):
        if not url.startswith("/services/") and not url.startswith("/id/"):
            url = f"/services/data/{self.version}{url}"
        return super().request(method, url, *args, **kwargs)

    def create(self, kind: str, **fields: object) -> str:
        answer = self.post(f"/sobjects/{kind}", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def read(self, kind: str, record_id: str) -> dict:
        answer = self.get(f"/sobjects/{kind}/{record_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def soql(self, text: str, path: str = "query") -> requests.Response:
        return self.get(f"/{path}", params={"q": text})

    def rows(self, text: str, path: str = "query") -> list[dict]:
        answer = self.soql(text, path)
        assert answer.status_code == 200, answer.text
        return answer.json()["records"]

    def collection(self, method: str, kind: str, rows: list[dict], **how: object) -> list[dict]:
        field = how.pop("field", None)
        typed = [{"attributes": {"type": kind}, **row} for row in rows]
        path = "/composite/sobjects" + (f"/{kind}/{field}" if field else "")
        answer = self.request(method, path, json={"records": typed, **how})
        assert answer.status_code == 200, answer.text
        return answer.json()


class Control(Client):
    """The control surface."""

    def tell(self, path: str, body: object = None) -> dict:
        answer = self.post(f"/_sandbox/{path}", json=body if body is not None else {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def person(self, kind: str, **change: object) -> dict:
        return self.tell(f"objects/{kind}", change)

    def ledger(self, after: int = 0) -> list[dict]:
        lines = self.get(f"/_sandbox/ledger?after={after}").text.splitlines()
        return [json.loads(line) for line in lines]

    def deliveries(self) -> list[dict]:
        return [json.loads(line) for line in self.get("/_sandbox/deliveries").text.splitlines()]

    def records(self, kind: str) -> dict[str, dict]:
        return {row["id"]: row for row in self.get(f"/_sandbox/objects/{kind}").json()["results"]}

    def flush(self, seconds: float = 10) -> bool:
        return self.tell("webhooks", {"flush": True, "flush_timeout_s": seconds})["flushed"]


class Receiver:
    """Keeps what was posted; ``answers`` are used up first, then ``accept``, with ``body``;
    ``delay_s`` before each.
    """

    def __init__(self, accept: int = 202, body: bytes = b"") -> None:
        self.accept = accept
        self.body = body
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.delay_s = 0.0
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook/abc"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            self.requests.append((headers, body))
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
            status = self.answers.pop(0) if self.answers else self.accept
        time.sleep(self.delay_s)
        with self._lock:
            self.busy -= 1
        return status

    @property
    def batches(self) -> list[list[dict]]:
        return [json.loads(body) for _headers, body in self.requests]

    @property
    def events(self) -> list[dict]:
        return [event for batch in self.batches for event in batch]

    def of(self, subscription: str) -> list[dict]:
        return [event for event in self.events if event["subscriptionType"] == subscription]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def box():
    with Sandbox(HubSpot()) as running:
        yield running


@pytest.fixture
def control(box):
    """The control surface of a sandbox as new, without rate limits."""
    client = Control(box.control_url)
    client.tell("reset", {"limits": {"enabled": False}})
    yield client
    client.close()


@pytest.fixture
def api(box, control):
    with Api(box.url, DEFAULT_TOKEN) as client:
        yield client


@pytest.fixture
def receiver(control):
    made = Receiver()
    control.tell("webhooks", {"target": made.url, "window_ms": 20})
    yield made
    control.tell("reset", {})
    made.close()


ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    b'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


@pytest.fixture
def soap(sf_control):
    """Acknowledges Outbound Messages."""
    made = Receiver(200, ACK)
    sf_control.tell("webhooks", {"target": made.url, "window_ms": 20})
    yield made
    sf_control.tell("reset", {})
    made.close()


@pytest.fixture(scope="session")
def sf_box():
    with Sandbox(Salesforce()) as running:
        yield running


@pytest.fixture
def sf_control(sf_box):
    """The control surface of a Salesforce sandbox as new."""
    client = Control(sf_box.control_url)
    client.tell("reset")
    yield client
    client.close()


@pytest.fixture
def sf(sf_box, sf_control):
    with SalesforceApi(sf_box.url, salesforce.DEFAULT_TOKEN) as client:
        yield client


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder with recorded HubSpot traffic."""
    return recordings("hubspot")


@pytest.fixture(scope="session")
def sf_recorded() -> Path:
    """The folder with recorded Salesforce traffic."""
    return recordings("salesforce")


def recordings(provider: str) -> Path:
    base = Path(os.environ.get("SAAS_SYNC_RECORDED", ROOT.parent / "shared" / "recorded"))
    if not (base / provider).is_dir():
        pytest.skip(f"recorded traffic is not in {base}")
    return base / provider
