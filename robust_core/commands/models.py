"""``python -m robust_core models``: what ``--model`` may be, with what each model sees and needs."""

import argparse

from robust_core.commands import options, output


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``models``."""
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print the models in the groups of the pages' menu."""
    from robust_core.words import models

    groups = models.groups()
    listed = [_about(name, group.heading) for group in groups for name in group.names]
    width = max(len(one["name"]) for one in listed)
    lines = []
    for group in groups:
        lines.append(group.heading)
        lines += [
            f"  {one['name']:{width}}  {one['facts']}"
            for one in listed
            if one["group"] == group.heading
        ]
    output.emit({"models": listed}, args.json, "\n".join(lines))


def _about(name: str, group: str) -> dict:
    from robust_core import zoo
    from robust_core.words import models

    about = zoo.outline(name)
    return {
        "name": name,
        "title": models.title(name),
        "group": group,
        "size": list(about.size),
        "channels": about.channels,
        "classes": about.classes,
        "here": zoo.is_local(name),
        "download": about.download,
        "facts": models.facts(name),
    }
