"""The page Robustness report: the committed table of the defences, in charts and figures."""
