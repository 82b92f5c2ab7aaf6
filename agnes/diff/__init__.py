"""What a change of the catalog means: compared as data, rendered as text, Markdown or JSON."""
