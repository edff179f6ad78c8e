"""The tools that begin a training, behind one port."""
