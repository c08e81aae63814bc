"""Attacks that only ask the model and never see its gradient."""
