"""What an agent gets told, measured without a model: see `__main__`."""
