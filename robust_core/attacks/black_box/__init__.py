"""Attacks that only query the model and never see its gradient."""
