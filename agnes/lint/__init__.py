"""Validation: every mistake, found where it was made. `rules` has the rules, `run` runs them."""
