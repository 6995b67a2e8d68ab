"""Tests of the routes, over HTTP against a running Odoo."""
