"""Who may do what: users, passwords, tokens, and the database where they are kept."""
