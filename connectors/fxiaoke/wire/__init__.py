"""How Fxiaoke is spoken to: signing in, limits and codes, the calls of one object, reading, writing, proving."""
