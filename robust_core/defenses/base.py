"""Defense: hyper-parameters that turn a classifier into a defended one; Defended: the result."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from robust_core.attacks.base import Attack
from robust_core.classifier import Classifier, as_classifier
from robust_core.parameters import HasField, Paper, Parameters
from robust_core.registry import Registry

KINDS = ("filter", "adversarial training", "gradient masking", "noise with a guarantee")
"""How defences work, in the order in which they are shown."""
ONE_SEED = (
    "An attack by queries learns from seed {seed} of the defence's random draws alone: only fresh draws "
    "tell whether it succeeds."
)
SEEDS = 2**31
"""Seeds of a defence are below this."""


@dataclass(frozen=True, kw_only=True)
class Defense(Parameters):
    """Base of all defences. Fields are the hyper-parameters; subclasses define the logits.

    Calling one on a classifier gives a ``Defended``, a classifier that every attack, page and command
    takes. Each defence answers three questions: what it does to a picture (``seen``), what it predicts
    (``logits``), and what an aware attacker differentiates instead (``adaptive``).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    equation: ClassVar[str]
    paper: ClassVar[Paper]
    kind: ClassVar[str]
    """How it works: one of ``KINDS``."""
    broken_by: ClassVar[str]
    """What breaks it, in a sentence or two."""
    breaker: ClassVar[Paper]
    """Who showed that."""
    unaware: ClassVar[str] = "The picture is made on the undefended model."
    """What an unaware attacker does."""
    aware: ClassVar[str]
    """What an aware attacker does."""
    is_random = HasField("seed")
    """Whether it draws random numbers, by a seed of its own."""

    def __call__(self, model: Classifier | Callable[[Tensor], Tensor]) -> "Defended":
        """``model`` behind this defence; its network is shared and left unchanged.

        ``model`` may be any callable from pictures to logits; as a ``Classifier`` it has class names,
        and its size is checked. Raises ``ValueError`` where the defence does not exist for this model
        (see ``refusal``).
        """
        model = as_classifier(model)
        reason = self.refusal(model.name)
        if reason:
            raise ValueError(reason)
        return Defended(self, model, self.protected(model))

    def refusal(self, model: str) -> str:
        """Why the defence does not exist for the model of this name; empty where it does."""
        return ""

    def protected(self, model: Classifier) -> Classifier:
        """The classifier that does the work behind the defence: by default ``model`` itself."""
        return model

    def notices(self, classes: int) -> tuple[str, ...]:
        """What should be said before it is used on a model with this number of classes, in sentences."""
        return ()

    def seen(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` as the network sees them."""
        return images

    def logits(self, model: Classifier, images: Tensor) -> Tensor:
        """Logits ``[N, K]`` of the deployed defence; ``model`` is the ``protected`` one."""
        return model(self.seen(images))

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        """Logits ``[N, K]`` with the gradient that an aware attacker follows."""
        return self.logits(model, images)

    def of_unaware(self, attack: Attack) -> Attack:
        """``attack`` as an unaware attacker runs it."""
        return attack

    def of_aware(self, attack: Attack) -> Attack:
        """``attack`` as an aware attacker runs it, through ``adaptive``."""
        return attack

    def victim(self, defended: "Defended") -> Classifier:
        """The model on which an unaware attacker makes the picture."""
        return defended.undefended


REGISTRY: Registry[type[Defense]] = Registry("defense")
Kind = TypeVar("Kind", bound=type[Defense])


def register(defense: Kind) -> Kind:
    """Class decorator: the defence then appears on the pages, the command line and in the tables.

    Raises ``ValueError`` for a name that is taken, or where ``kind`` is not one of ``KINDS``.
    """
    if defense.kind not in KINDS:
        raise ValueError(
            f"kind of {defense.name} must be one of {', '.join(KINDS)}; got {defense.kind!r}"
        )
    REGISTRY.register(defense)
    return defense


class Defended(Classifier):
    """A classifier behind a defence. ``adaptive`` is what an adaptive attack differentiates.

    ``undefended`` is the classifier to be defended, ``base`` the one behind the defence: the same one
    for a filter, another one with weights of its own for a training.
    """

    def __init__(self, defense: Defense, undefended: Classifier, base: Classifier) -> None:
        super().__init__(
            base.network,
            name=f"{undefended.name} behind {defense.name}",
            class_names=base.class_names,
            input_size=base.input_size,
            mean=tuple(base.mean.flatten().tolist()),
            std=tuple(base.std.flatten().tolist()),
            resize=base.resize,
            provenance=base.provenance,
            synsets=base.synsets,
        )
        self.alias = f"{undefended.called} behind {defense.name}"
        # Not ``to`` and ``train``: these would reach into the network, which is not its own.
        self.mean, self.std = base.mean, base.std
        self.training = base.training
        self.defense = defense
        # Not registered: their networks would count twice as modules.
        self._models = (undefended, base)
        self.adaptive = Adaptive(self)

    @property
    def undefended(self) -> Classifier:
        return self._models[0]

    @property
    def base(self) -> Classifier:
        return self._models[1]

    @property
    def victim(self) -> Classifier:
        """The model on which an unaware attacker makes the picture."""
        return self.defense.victim(self)

    @property
    def is_random(self) -> bool:
        """Whether its answers depend on random draws, of its own or of the model behind it."""
        base = self.base
        return self.defense.is_random or (isinstance(base, Defended) and base.is_random)

    def redrawn(self, step: int) -> "Defended":
        """The same defence of the same network with other random draws: its seed, raised by ``step``."""
        undefended, base = (
            one.redrawn(step) if isinstance(one, Defended) else one for one in self._models
        )
        defense: Any = self.defense
        if defense.is_random:
            defense = replace(defense, seed=(defense.seed + step) % SEEDS)
        return Defended(defense, undefended, base)

    def attacked_by(self, attack: Attack, *, adaptive: bool) -> tuple[Attack, nn.Module]:
        """``attack`` as an aware (``adaptive``) or unaware attacker runs it, and the model it runs on."""
        if adaptive:
            return self.defense.of_aware(attack), self.adaptive
        return self.defense.of_unaware(attack), self.victim

    def notices_of(self, attack: Attack | None) -> tuple[str, ...]:
        """What should be said of every result of ``attack`` on this model: see ``contract.notices``."""
        told = self.base.notices_of(attack) if isinstance(self.base, Defended) else ()
        told += self.defense.notices(len(self.class_names))
        if attack is not None and attack.by_queries and self.defense.is_random:
            told += (ONE_SEED.format(**self.defense.parameters),)
        return told

    def check_pictures(self, images: Tensor) -> None:
        """As for the classifier behind the defence."""
        self.base.check_pictures(images)

    def label_of(self, index: int) -> str:
        return self.base.label_of(index)

    def seen(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` as the network behind the defence sees them, detached."""
        with torch.no_grad():
            return self.defense.seen(images)

    def forward(self, images: Tensor) -> Tensor:
        return self.defense.logits(self.base, images)


class Adaptive(nn.Module):
    """A defended model as an aware attacker differentiates it: through ``Defense.adaptive``."""

    def __init__(self, defended: Defended) -> None:
        super().__init__()
        self.network = defended.network  # so that its modules are put into eval mode
        self.training = defended.training
        self._defended = (defended,)

    def notices_of(self, attack: Attack | None) -> tuple[str, ...]:
        """As the defended model's."""
        return self._defended[0].notices_of(attack)

    def check_pictures(self, images: Tensor) -> None:
        """As the defended model's."""
        self._defended[0].check_pictures(images)

    def forward(self, images: Tensor) -> Tensor:
        defended = self._defended[0]
        return defended.defense.adaptive(defended.base, images)
