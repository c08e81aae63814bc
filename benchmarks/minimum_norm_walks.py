"""The peers of the fast minimum-norm attacks: DDN, FMN in four norms, sigma-zero and JSMA.

All get as many steps as ours. In L0 everybody counts values, as the peers do. JSMA goes towards the class
after the label, the last one's towards the first, as the peers have no other form.
"""

import math

from contestants import installed
from minimum_norm_contestants import Contestant, Perturb, art, foolbox_attack, through_numpy
from torch import Tensor, nn

from robust_core import attacks

ORDERS = {"fmn-l0": 0, "fmn-l1": 1, "fmn-l2": 2, "fmn-linf": math.inf}
COUNTING = {"fmn-l0", "sigma-zero", "jsma"}
ANY_NUMBER = 1.0  # of the values may change, of all


def ours_of(name: str) -> attacks.Attack:
    """Ours with its defaults, counting values in L0."""
    return attacks.create(name, **({"counted": "values"} if name in COUNTING else {}))


def next_class(model: nn.Module, labels: Tensor) -> Tensor:
    """The target of JSMA for each label."""
    return (labels + 1) % len(model.model.class_names)


def run_ours(ours: attacks.Attack, model: nn.Module) -> Perturb:
    """Ours as everybody runs."""
    if ours.name == "jsma":
        return lambda x, y: ours(model, x, next_class(model, y), targeted=True)
    return lambda x, y: ours(model, x, y)


def foolbox_ddn(name: str, ours: attacks.DDN, model: nn.Module) -> list[Contestant]:
    import foolbox

    peer = foolbox.attacks.DDNAttack(steps=ours.steps, gamma=ours.gamma)
    return [Contestant(name, foolbox_attack(peer, model))]


def advlib_ddn(name: str, ours: attacks.DDN, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import ddn

    return [
        Contestant(name, lambda x, y: ddn(model, x, y, steps=ours.steps, γ=ours.gamma, levels=None))
    ]


def foolbox_fmn(name: str, ours: attacks.FMNL2, model: nn.Module) -> list[Contestant]:
    import foolbox

    kind = ours.name.removeprefix("fmn-").capitalize().replace("Linf", "LInf")
    peer = getattr(foolbox.attacks, f"{kind}FMNAttack")(
        steps=ours.steps, max_stepsize=ours.step_size, gamma=ours.gamma
    )
    return [Contestant(name, foolbox_attack(peer, model))]


def advlib_fmn(name: str, ours: attacks.FMNL2, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import fmn

    def perturb(x: Tensor, y: Tensor) -> Tensor:
        return fmn(
            model,
            x,
            y,
            norm=ORDERS[ours.name],
            steps=ours.steps,
            α_init=ours.step_size,
            γ_init=ours.gamma,
            γ_final=ours.final_gamma,
        )

    return [Contestant(name, perturb)]


def advlib_sigma_zero(name: str, ours: attacks.SigmaZero, model: nn.Module) -> list[Contestant]:
    from adv_lib.attacks import sigma_zero

    def perturb(x: Tensor, y: Tensor) -> Tensor:
        return sigma_zero(
            model,
            x,
            y,
            num_steps=ours.steps,
            η_0=ours.step_size,
            σ=ours.sigma,
            τ_0=ours.tau,
            τ_factor=ours.tau_factor,
        )

    return [Contestant(name, perturb)]


def torchattacks_jsma(name: str, ours: attacks.JSMA, model: nn.Module) -> list[Contestant]:
    import torchattacks

    def perturb(x: Tensor, y: Tensor) -> Tensor:
        share = min(ANY_NUMBER, 2 * ours.steps / x[0].numel())
        peer = torchattacks.JSMA(model, theta=ours.theta, gamma=share)
        peer.set_mode_targeted_by_label(quiet=True)
        return peer(x, next_class(model, y))

    return [Contestant(name, perturb, "picture by picture", most=2, slow=True)]


def art_jsma(name: str, ours: attacks.JSMA, model: nn.Module) -> list[Contestant]:
    import numpy as np
    from art.attacks.evasion import SaliencyMapMethod

    classes = len(model.model.class_names)
    made = SaliencyMapMethod(art(model), theta=ours.theta, gamma=ANY_NUMBER, verbose=False)

    class Towards:
        @staticmethod
        def generate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            return made.generate(x, np.eye(classes, dtype=np.float32)[(y + 1) % classes])

    return [Contestant(name, through_numpy(lambda batch: Towards), most=4, slow=True)]


MAKERS = {
    "ddn": {"foolbox": foolbox_ddn, "adv_lib": advlib_ddn},
    **{name: {"foolbox": foolbox_fmn, "adv_lib": advlib_fmn} for name in ORDERS},
    "sigma-zero": {"adv_lib": advlib_sigma_zero},
    "jsma": {"torchattacks": torchattacks_jsma, "ART": art_jsma},
}
"""Peers of each attack, by their names in the table."""


def walks(ours: attacks.Attack, model: nn.Module, packages: dict[str, str]) -> list[Contestant]:
    """The installed peers' equivalents of ``ours`` on ``model``."""
    found = []
    for name, make in MAKERS[ours.name].items():
        if installed(packages[name]):
            found += make(name, ours, model)
    return found
