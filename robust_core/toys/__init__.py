"""Small worlds in which an argument of the papers can be seen and counted."""
