"""How a declared system is spoken to: its settings, the walk along its pages, what is written, and the check."""
