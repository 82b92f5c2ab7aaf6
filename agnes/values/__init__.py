"""What the values of a column are, told from the values themselves. Text in, words out; no I/O."""
