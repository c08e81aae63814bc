"""``evaluate --suite transfer``: what is made on one stored classifier, sent to the others."""
