"""The generated parts of README.md and docs/: tables of results, methods, models and commands.

python -m docs.generator            # write them
python -m docs.generator --check    # only say which are out of date; exit status 1 where one is
"""
