"""What makes the cluster move: controllers that compare what is wanted with what is there."""
