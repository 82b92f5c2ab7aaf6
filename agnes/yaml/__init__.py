"""YAML text to data and back: strict loading, positions, canonical form, careful edits."""
