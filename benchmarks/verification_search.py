"""A long random search for a picture that is proved and broken all the same.

Each trial draws a network (bundled; or with random weights, dense or with convolutions), pictures, a norm,
a radius, a method, and three of the project's attacks with random settings and seeds. All pictures that are
right are attacked, proved or not: those that are not proved are the control, and must be broken now and
then. What an attack returns is judged by the network itself and by its distance.
"""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from robust_core import attacks, distances, verification, zoo
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.verification import plan

LEFT_OUT = ("substitute",)
"""Attacks that train a network of their own for minutes."""
TOGETHER, PICTURES = 3, 16
LIGHT = {"max_queries": 500, "steps": 40, "rounds": 10, "draws": 4}
"""The most of what makes an attack long: it draws from a fourth of this to all of it."""
ROUNDING = 1e-6
"""Relative; attacks compute in float32."""
POOLED = "pooled"
"""Random networks with max pooling: a part that is searched where it is asked for."""
RADII = {
    ("digits", "linf"): (0.005, 0.2),
    ("digits", "l2"): (0.03, 1.0),
    ("cifar10", "linf"): (0.1 / 255, 4 / 255),
    ("cifar10", "l2"): (0.005, 0.3),
    ("random", "linf"): (0.005, 0.2),
    ("random", "l2"): (0.03, 1.0),
    (POOLED, "linf"): (0.005, 0.2),
    (POOLED, "l2"): (0.03, 1.0),
}
METHODS = {
    "digits": ("ibp", "crown", "crown-optimised", "milp"),
    "cifar10": ("ibp", "crown"),
    "random": ("ibp", "crown", "crown-optimised", "milp", "milp"),
    POOLED: ("ibp", "crown", "crown-optimised"),
}


@dataclass
class Tally:
    """Pictures that were attacked, each counted once for every attack, and those that fell."""

    trials: int = 0
    proved: Counter = field(default_factory=Counter)
    by_method: Counter = field(default_factory=Counter)
    by_attack: Counter = field(default_factory=Counter)
    control: Counter = field(default_factory=Counter)
    broken: list[dict] = field(default_factory=list)

    def next(self, parts: list[str], seed: int) -> None:
        """One more trial, which depends on the seed and on its own number alone."""
        trial(random.Random(f"{seed} {self.trials}"), parts, self)
        self.trials += 1

    def report(self) -> dict:
        """For people and for the JSON file."""
        return {
            "trials": self.trials,
            "proved_pictures": dict(self.proved),
            "attacked_by_method": dict(self.by_method),
            "attacked_by_attack": dict(sorted(self.by_attack.items())),
            "control": dict(self.control),
            "broken": self.broken,
        }


def search(parts: list[str], minutes: float, seed: int) -> dict:
    """Trials for so many ``minutes`` of processor time, or until Ctrl+C, which keeps what was found."""
    started = time.process_time()
    tally = Tally()
    try:
        while time.process_time() < started + 60 * minutes:
            tally.next(parts, seed)
    except KeyboardInterrupt:
        print("stopped")
    minutes = (time.process_time() - started) / 60
    attacked, control = sum(tally.by_attack.values()), tally.control
    print(
        f"\n{tally.trials} trials, seed {seed}: {sum(tally.proved.values())} pictures proved, attacked "
        f"{attacked} times: {len(tally.broken)} broken. Control, not proved: {control['broken']} of "
        f"{control['attacked']} broken."
    )
    for one in tally.broken:
        print(f"  BROKEN: {one}")
    return {"seed": seed, "minutes": minutes, **tally.report()}


def trial(lots: random.Random, parts: list[str], tally: Tally) -> None:
    kind = lots.choice([*parts, "random"])
    model, images, labels = drawn_network(lots, kind)
    norm = lots.choice(("linf", "linf", "l2"))
    low, high = RADII[kind, norm]
    eps = low * (high / low) ** lots.random()
    known = [m for m in METHODS[kind] if norm == "linf" or m in ("crown", "crown-optimised")]
    method = lots.choice(known)
    found = verification.verify(
        model, images, labels, eps, method, norm=norm, seconds=1.0, attack=False
    )
    right, proved = found.clean > 0, found.verified
    tally.proved[kind] += int(proved.sum())
    for attack in drawn_attacks(lots, norm, eps):
        adversarial = asked(
            lots, attack, model, images[right], labels[right], len(found.margins[0])
        )
        fell = inside_and_wrong(model, adversarial, images[right], labels[right], eps, norm)
        tally.by_method[method] += int(proved.sum())
        tally.by_attack[attack.name] += int(proved.sum())
        tally.control["attacked"] += int((~proved[right]).sum())
        tally.control["broken"] += int((fell & ~proved[right]).sum())
        if (fell & proved[right]).any():
            about = {"trial": tally.trials, "network": kind, "eps": eps, "norm": norm}
            tally.broken.append({**about, "method": method, "attack": repr(attack)})


def drawn_network(lots: random.Random, kind: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A network with pictures and labels: test pictures, or noise that gets its own answer as its label."""
    if kind not in ("random", POOLED):
        model = zoo.load(lots.choice(plan.PLAN[kind].models), "cpu")
        images, labels = load_test_set(plan.PLAN[kind].data, model, 450)
        rows = torch.tensor(lots.sample(range(len(labels)), PICTURES if kind == "digits" else 4))
        return model, images[rows], labels[rows]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(lots.randrange(2**31))
        layers: list[nn.Module] = [nn.Flatten()]
        width, classes = 64, lots.randint(2, 6)
        if lots.random() < 0.5:
            layers = [nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten()]
            width = 48
        if kind == POOLED:
            layers = [nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()]
            width = 12
        for _ in range(lots.randint(1, 2)):
            after = lots.randint(4, 24)
            layers += [nn.Linear(width, after), nn.ReLU()]
            width = after
        model = nn.Sequential(*layers, nn.Linear(width, classes)).eval().requires_grad_(False)
        images = torch.rand(PICTURES, 1, 8, 8)
    return model, images, model(images).argmax(1)


def drawn_attacks(lots: random.Random, norm: str, eps: float) -> list[attacks.Attack]:
    """Some of the attacks in this norm, with settings drawn at random."""
    names = [
        name
        for name in attacks.local_names()
        if name not in LEFT_OUT and attacks.get(name).norm == norm
    ]
    return [configured(lots, name, eps) for name in lots.sample(names, TOGETHER)]


def configured(lots: random.Random, name: str, eps: float) -> attacks.Attack:
    fields = attacks.create(name).parameters
    settings: dict = {
        key: lots.randint(LIGHT[key] // 4, LIGHT[key]) for key in LIGHT if key in fields
    }
    if "eps" in fields:
        settings["eps"] = eps
    if "seed" in fields:
        settings["seed"] = lots.randrange(2**31)
    if "restarts" in fields:
        settings["restarts"] = lots.randint(1, 3)
    if fields.get("loss") == "ce":
        settings["loss"] = lots.choice(("ce", "margin"))
    return attacks.create(name, **settings)


def asked(
    lots: random.Random,
    attack: attacks.Attack,
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    classes: int,
) -> Tensor:
    """What the attack makes of the pictures: away from their class, or towards a random other one."""
    if not len(images):
        return images
    if "targeted" not in attack.goals or lots.random() < 0.7:
        return attack(model, images, labels)
    shift = torch.tensor([lots.randrange(1, classes) for _ in labels])
    return attack(model, images, (labels + shift) % classes, targeted=True)


def inside_and_wrong(
    model: nn.Module, adversarial: Tensor, images: Tensor, labels: Tensor, eps: float, norm: str
) -> Tensor:
    """Which pictures are in the ball and get another class, bool ``[N]``."""
    if not len(images):
        return torch.zeros(0, dtype=torch.bool)
    with torch.no_grad():
        wrong = model(adversarial).argmax(1) != labels
    return wrong & (distances.all_norms(adversarial, images)[norm] <= eps * (1 + ROUNDING))
