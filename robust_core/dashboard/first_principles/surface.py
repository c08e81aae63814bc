"""The loss surface over FGSM's direction and a random one, for the page's own picture."""

from robust_core.dashboard.components.status import status
from robust_core.dashboard.first_principles import subject
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.topics import loss_surface

choose = subject.choose


def show(asked: Subject) -> None:
    """The surface, with its result as the headline."""
    if asked.here:
        loss_surface.show(asked.request, key="principles", heading="## ")
        status("001-14")
    asked.close()
