"""The provider-neutral half of a sandbox: HTTP, ledger, faults, webhook delivery, control."""
