"""The page Detectors: scores, the duel with an aware attacker, measured tables, rejection."""
