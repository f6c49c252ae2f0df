"""How a Shopify shop is spoken to: GraphQL and its cost, pages and bulk operations, writes, webhooks, and the check."""
