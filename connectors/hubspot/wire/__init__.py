"""How HubSpot is spoken to: paths and limits, the walk along listings and Search, batches, webhooks, and the check."""
