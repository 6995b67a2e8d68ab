"""Hostile input: everything that somebody who means harm can send, read or press.

`traffic` makes requests and judges answers and knows nothing of Odoo; the tests run inside it.
"""
