"""`./dev demo`: one HubSpot account and one Odoo database, kept in step before your eyes.

Real parts: Odoo in prefork mode, PostgreSQL with fsync, HubSpot's stand-in as a process of its own.
What people do at HubSpot goes through the stand-in's control surface, what people do in Odoo
through its JSON-2 API, and what is claimed afterwards is counted in the database, in the stand-in's
ledger and by reading both sides again.

`story` is the order of events; every other module is one concern of it. Nothing here is imported by
the add-on, and nothing here imports it.
"""
