"""A stand-in for the HubSpot API: CRM objects, OAuth, rate limits and webhooks.

Promise: answers as the real API does, as far as ``sandbox/README.md`` says; the recorded calls in
``shared/recorded/hubspot`` are the judge. Weakness: what nobody recorded is built from documents.
"""
