"""Outside: the terminal. Progress and questions go to stderr; data never passes through here."""
