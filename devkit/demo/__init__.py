"""`./dev demo`: a HubSpot account, an Odoo database and a Salesforce organisation, kept in step.

Real parts: Odoo in prefork mode, PostgreSQL with fsync, each stand-in as a process of its own. What
people do at an account goes through its stand-in's control surface, what people do in Odoo through
its JSON-2 API, and what is claimed afterwards is counted in the database, in the stand-ins' ledgers
and by reading all sides again.

`story` is the order of events, first with HubSpot alone; `hub` goes on with both accounts. Every
other module is one concern of them. Nothing here is imported by
the add-on, and nothing here imports it.
"""
