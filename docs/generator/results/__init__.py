"""Tables of the committed results in ``assets/results``."""
