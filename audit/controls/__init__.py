"""Control catalogues: what frameworks ask for, which records show it, and how those stand."""
