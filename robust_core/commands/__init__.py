"""The command line: one module per command, each with ``configure(parser)`` and ``run(args)``.

Nothing here imports torch before a command needs it, so that help and mistakes are answered at once.
"""
