"""A stand-in for the Salesforce platform API: sObjects, SOQL, Bulk 2.0, OAuth, Outbound Messages.

Promise: answers as the real API does, as far as ``sandbox/README.md`` says; the recorded calls in
``shared/recorded/salesforce`` and two public clients are the judges. Weakness: what nobody recorded
is built from documents.
"""
