"""The pictures that every talk shows, built up in frames, as printed and on the picture of the page."""

from dataclasses import dataclass, replace

from robust_core import attacks, zoo
from robust_core.attacks import Attack
from robust_core.dashboard.request import Request
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import Goal, LeastLikely, Towards
from robust_core.zoo import Description


@dataclass(frozen=True)
class Classic:
    """A printed figure: what is said of its pictures, and how it is made here.

    ``attack`` names the attack, ``eps`` its radius; None takes that of the page. ``target`` is the class to
    reach, where the figure has one, and ``otherwise`` the goal for a model that lacks it.
    """

    title: str
    source: str
    before: str
    sign: str
    alone: str
    after: str
    attack: str
    eps: float | None = None
    robust: str = ""
    target: str = ""
    otherwise: Goal = UNTARGETED
    human: bool = False
    """Whether it says what people see as well."""
    note: str = ""

    def run(self, request: Request) -> Attack:
        """The attack on the page's picture."""
        kind = attacks.get(self.attack)
        if not kind.has_eps:
            return kind()
        return attacks.create(self.attack, eps=self.eps or request.shown_eps)

    def goal(self, model: Description) -> Goal:
        """Away from the label, or towards the figure's class."""
        if self.target in model.class_names:
            return Towards(model.class_names.index(self.target))
        return self.otherwise

    def request(self, page: Request) -> Request:
        """The same picture and model as on the page, with this figure's attack."""
        run = self.run(page)
        return replace(
            page,
            attack=run,
            goal=self.goal(page.model),
            shown_eps=run.parameters.get("eps", page.shown_eps),
            detector=None,
            area=None,
        )


CLASSICS = {
    "panda": Classic(
        "Panda",
        "Goodfellow et al., 2015, figure 1 (decks 001 and 003)",
        before="“panda” 57.7 %",
        sign="+ 0.007 ×",
        alone="“nematode” 8.2 %",
        after="“gibbon” 99.3 %",
        attack="fgsm",
        eps=0.007,
        note="GoogLeNet on ImageNet; 0.007 is the smallest step of an 8-bit picture on its scale.",
    ),
    "pig": Classic(
        "Pig",
        "deck 001, V. Guardieiro",
        before="“pig” 91 %",
        sign="+ 0.005 ×",
        alone="noise (not random)",
        after="“airliner” 99 %",
        attack="pgd",
        eps=0.005,
        robust="“pig”",
        target="airliner",
        note="The deck names neither network nor attack; here it is PGD with 20 steps.",
    ),
    "thousandth": Classic(
        "Panda, 0.001",
        "deck 003, Y. S. Cho, 2020",
        before="“panda”",
        sign="+ 0.001 ×",
        alone="perturbation",
        after="human: “panda”, AI: “gibbon”",
        attack="fgsm",
        eps=0.001,
        human=True,
        note="0.001 is a quarter of a step of an 8-bit picture: saved as a file, it is the clean picture.",
    ),
    "hen": Classic(
        "Hen",
        "deck 002, figure 2, A. Madan and S. Anand",
        before="“hen”",
        sign="+ eps ×",
        alone="not printed",
        after="“hen” is not among the first five",
        attack="fgsm",
        note="VGG11 on ImageNet. The deck does not print its eps; here it is the page's.",
    ),
    "candle": Classic(
        "Candle",
        "deck 002, figure 4, A. Madan and S. Anand",
        before="“candle”",
        sign="+",
        alone="not printed",
        after="“Tibetan terrier”, the target",
        attack="cw-l2",
        target="Tibetan terrier",
        otherwise=LeastLikely(),
        note="VGG11 on ImageNet, Carlini-Wagner in L2, which has no eps.",
    ),
}


def robust_relative(model: str) -> str | None:
    """The bundled network that was trained against PGD, where there is one for the model."""
    base = model if model not in zoo.bundled() else zoo.spec(model).base or model
    name = f"{base}-pgd-at"
    return name if name in zoo.bundled() and name != model else None
