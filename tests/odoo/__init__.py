"""Tests of models and pipelines, run inside Odoo."""
