"""Finding the metric that words mean: analysis of text, the index of a snapshot, ranking."""
