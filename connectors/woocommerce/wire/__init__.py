"""How a WooCommerce shop is spoken to: signing, listings and the walk along them, batches, webhooks, and the check."""
