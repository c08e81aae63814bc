"""Eyes and layers: what a change that nobody sees does from layer to layer, to the page's own picture."""

from robust_core.dashboard import lab
from robust_core.dashboard.first_principles import subject
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.topics import why

choose = subject.choose


def show(asked: Subject) -> None:
    """FGSM, and then one of three views of the inside of the network."""
    if asked.here:
        request = asked.request
        with asked.status:
            experiment = lab.compute(
                request.key(), request.work, channel="layers", doing=request.attack.title
            )
        if experiment is not None:
            why.show(request, experiment, key="principles", heading="## ")
    asked.close()
