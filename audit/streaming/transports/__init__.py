"""How records reach a destination: one file for each kind."""
