"""Local stand-ins that behave as the SaaS APIs do; for the demo and the tests.

Promise: a real HTTP server on loopback, the provider's limits, lags and errors included, with a
ledger of every call and a control surface on a port of its own. Options: see ``README.md``.
Weakness: state lives in memory and is gone when the process ends.
"""
