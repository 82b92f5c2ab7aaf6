"""Column metadata that is proposed: found in the data, saved, reviewed, applied."""
