"""What numbers say of definitions: which commit moved one, and why it moved."""
