"""How Zoho CRM is spoken to: hosts and limits, the calls of one module, reading, writing, and proving that one may."""
