"""Who may do what in a project, how they got it, and what is odd about it: the matter of access reviews."""
