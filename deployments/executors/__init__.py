"""Who does the work: one port, and an executor per way in which an environment is reached."""
