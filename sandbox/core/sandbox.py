"""A sandbox as one thing: provider port, control port, ledger, faults.

Promise: ``with Sandbox(provider) as box`` gives two live addresses and closes both at the end, so a
test can embed it. Options: the two ports (0: any free one). Weakness: none of its state is kept.
"""

from __future__ import annotations

from .clock import Clock
from .control import Control
from .edge import Edge
from .faults import FaultPlan
from .ledger import Ledger
from .provider import Provider
from .server import LoopbackServer


class Sandbox:
    """Runs a provider."""

    def __init__(self, provider: Provider, *, port: int = 0, control_port: int = 0) -> None:
        self.provider = provider
        self.ledger = Ledger()
        self.faults = FaultPlan()
        self.edge = Edge(provider, self.ledger, self.faults, Clock())
        self._api = LoopbackServer(self.edge, port)
        control = Control(provider, self.ledger, self.faults)
        self._control = LoopbackServer(control, control_port)

    @property
    def url(self) -> str:
        """Where the provider's API answers."""
        return self._api.url

    @property
    def control_url(self) -> str:
        """Where ``/_sandbox/...`` answers."""
        return self._control.url

    def start(self) -> Sandbox:
        """Open both ports."""
        self._api.start()
        self._control.start()
        return self

    def stop(self) -> None:
        """Close both ports and end the deliveries."""
        self.edge.stopping.set()
        self.provider.postman.stop()
        self._api.stop()
        self._control.stop()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()
