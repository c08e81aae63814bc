"""Who takes part in benchmarks/minimum_norm.py: the peers' DeepFool and Carlini-Wagner.

Every peer gets the model object, pictures, labels and budget of ours: steps, searches, first
constant, overshoot, candidates. What ours adapts to the picture they need as fixed values, and where
ours means something else, they get two settings, of which the driver keeps the stronger. L2: searches and
steps of ours, and five searches of 100. Linf: two learning rates (ours is a share of the bound).
"""

import math
from collections.abc import Callable

from contestants import installed
from minimum_norm_contestants import Contestant, Perturb, art, foolbox_attack, through_numpy
from minimum_norm_walks import walks
from torch import Tensor, nn

from robust_core import attacks

PACKAGES = {
    "foolbox": "foolbox",
    "torchattacks": "torchattacks",
    "ART": "adversarial-robustness-toolbox",
    "cleverhans": "cleverhans",
    "adv_lib": "adv-lib",
}
"""Name in the table: name in the package index."""
RATE, CONST = 0.01, 0.01  # L2: the default of all but cleverhans (0.005); the best for ours
MORE = (5, 100)  # searches, steps: about what they need to be as strong
LINF_RATES = (0.01, 0.001)  # the default of both, and a tenth: boundaries are nearer than its step
LINF_CONST, LINF_STEPS = 0.1, 100  # ours: a constant for each picture, 60 steps within one bound
FIXED_CONST = 1.0  # torchattacks has no search: one of as many steps; its own default


def contestants(ours: attacks.Attack, model: nn.Module) -> list[Contestant]:
    """The installed peers' equivalents of ``ours`` on ``model``, each learning rate on its own."""
    makers = {
        "deepfool": [_foolbox_deepfool, _torchattacks_deepfool, _art_deepfool, _advlib_deepfool],
        "deepfool-linf": [_foolbox_deepfool, _advlib_deepfool],
        "cw-l2": [_foolbox_cw, _torchattacks_cw, _art_cw, _cleverhans_cw, _advlib_cw],
        "cw-linf": [_art_cw_linf, _advlib_cw_linf],
    }.get(ours.name)
    if makers is None:
        return walks(ours, model, PACKAGES)
    found = []
    for make in makers:
        name = make.__name__.removeprefix("_").split("_")[0]
        name = {"art": "ART", "advlib": "adv_lib"}.get(name, name)
        if installed(PACKAGES[name]):
            found += make(name, ours, model)
    return found


def _order(ours: attacks.Attack) -> float:
    return 2 if ours.norm == "l2" else math.inf


def _foolbox_deepfool(name: str, ours: attacks.DeepFool, model: nn.Module) -> list[Contestant]:
    import foolbox

    kind = {"l2": "L2DeepFoolAttack", "linf": "LinfDeepFoolAttack"}[ours.norm]
    peer = getattr(foolbox.attacks, kind)(
        steps=ours.steps, candidates=ours.candidates, overshoot=ours.overshoot
    )
    return [Contestant(name, foolbox_attack(peer, model))]


def _torchattacks_deepfool(name: str, ours: attacks.DeepFool, model: nn.Module) -> list[Contestant]:
    import torchattacks

    peer = torchattacks.DeepFool(model, steps=ours.steps, overshoot=ours.overshoot)
    return [Contestant(name, peer, "picture by picture", most=16, slow=True)]


def _art_deepfool(name: str, ours: attacks.DeepFool, model: nn.Module) -> list[Contestant]:
    from art.attacks.evasion import DeepFool

    classifier = art(model)
    perturb = through_numpy(
        lambda batch: DeepFool(
            classifier, ours.steps, ours.overshoot, ours.candidates, batch, verbose=False
        )
    )
    return [Contestant(name, perturb)]


def _advlib_deepfool(name: str, ours: attacks.DeepFool, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import df

    def perturb(x: Tensor, y: Tensor) -> Tensor:
        return df(model, x, y, steps=ours.steps, overshoot=ours.overshoot, norm=_order(ours))

    return [Contestant(name, perturb)]


def _l2(
    name: str, ours: attacks.CWL2, at: Callable[[int, int], Perturb], **more
) -> list[Contestant]:
    """Searches and steps of ours, and ``MORE``; ``at(searches, steps)`` makes the peer's attack."""
    return [
        Contestant(name, at(searches, steps), f"{searches} x {steps}", **more)
        for searches, steps in ((ours.search_steps, ours.steps), MORE)
    ]


def _foolbox_cw(name: str, ours: attacks.CWL2, model: nn.Module) -> list[Contestant]:
    import foolbox

    def at(searches: int, steps: int) -> Perturb:
        peer = foolbox.attacks.L2CarliniWagnerAttack(
            binary_search_steps=searches, steps=steps, stepsize=RATE, initial_const=CONST
        )
        return foolbox_attack(peer, model)

    return _l2(name, ours, at)


def _torchattacks_cw(name: str, ours: attacks.CWL2, model: nn.Module) -> list[Contestant]:
    import torchattacks

    def at(searches: int, steps: int) -> Perturb:
        return torchattacks.CW(model, c=FIXED_CONST, steps=searches * steps, lr=RATE)

    return _l2(name, ours, at)


def _by_art(
    kind: type, classifier: object, rate: float, const: float | None, budget: dict
) -> Perturb:
    return through_numpy(
        lambda batch: kind(
            classifier,
            learning_rate=rate,
            initial_const=const,
            batch_size=batch,
            verbose=False,
            **budget,
        )
    )


def _art_cw(name: str, ours: attacks.CWL2, model: nn.Module) -> list[Contestant]:
    from art.attacks.evasion import CarliniL2Method

    classifier = art(model)

    def at(searches: int, steps: int) -> Perturb:
        budget = {"binary_search_steps": searches, "max_iter": steps}
        return _by_art(CarliniL2Method, classifier, RATE, CONST, budget)

    return _l2(name, ours, at, most=4, slow=True)


def _budget(searches: int, steps: int) -> dict:
    """As CleverHans and the Adversarial Library call it."""
    return {
        "initial_const": CONST,
        "binary_search_steps": searches,
        "max_iterations": steps,
    }


def _cleverhans_cw(name: str, ours: attacks.CWL2, model: nn.Module) -> list[Contestant]:
    from cleverhans.torch.attacks.carlini_wagner_l2 import carlini_wagner_l2

    def at(searches: int, steps: int) -> Perturb:
        return lambda x, y: carlini_wagner_l2(
            model,
            x,
            len(model.model.class_names),
            y,
            lr=RATE,
            **_budget(searches, steps),
        )

    return _l2(name, ours, at)


def _advlib_cw(name: str, ours: attacks.CWL2, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import carlini_wagner_l2

    def at(searches: int, steps: int) -> Perturb:
        return lambda x, y: carlini_wagner_l2(
            model,
            x,
            y,
            learning_rate=RATE,
            **_budget(searches, steps),
        )

    return _l2(name, ours, at)


def _art_cw_linf(name: str, ours: attacks.CWLinf, model: nn.Module) -> list[Contestant]:
    from art.attacks.evasion import CarliniLInfMethod

    classifier = art(model)
    rate = LINF_RATES[0]
    budget = {"max_iter": LINF_STEPS}
    perturb = _by_art(CarliniLInfMethod, classifier, rate, LINF_CONST, budget)
    return [Contestant(name, perturb, f"lr {rate}, picture by picture", most=2, slow=True)]


def _advlib_cw_linf(name: str, ours: attacks.CWLinf, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import carlini_wagner_linf

    def at(rate: float) -> Perturb:
        return lambda x, y: carlini_wagner_linf(
            model,
            x,
            y,
            learning_rate=rate,
            max_iterations=LINF_STEPS,
            initial_const=LINF_CONST,
        )

    return [Contestant(name, at(rate), f"lr {rate}") for rate in LINF_RATES]
