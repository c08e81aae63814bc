"""Torch's defaults belong to the user: the project names dtype and device of everything it makes."""

import ast
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAKERS = {
    *("arange", "as_tensor", "empty", "eye", "full", "linspace", "logspace", "normal", "ones"),
    *("rand", "randint", "randn", "randperm", "tensor", "zeros"),
}
WHOLE = {"arange", "randint", "randperm"}
"""Those that make whole numbers unless asked for others."""

SCRIPT = """
import json, sys, torch
torch.set_num_threads(1)
if "float64" in sys.argv:  # before anything is imported
    torch.set_default_dtype(torch.float64)
from robust_core import attacks, defenses, zoo
from robust_core.certify import pixeldp
from robust_core.data import digits
from robust_core.detectors import METHODS
from robust_core.evaluation.accuracy import evaluate
from dataclasses import fields
FEW = {"steps": 4, "targets": 2, "max_queries": 20, "rounds": 2, "search_steps": 2, "draws": 2, "n": 20}
def quick(kind, **own):
    known = {f.name for f in fields(kind)}
    return {k: v for k, v in (FEW | own).items() if k in known}
def everything():
    images, labels = (t[:3] for t in digits.load("test"))
    model = zoo.load("digits-cnn", "cpu")
    out = {"logits": model(images).tolist(), "dtype": str(images.dtype)}
    detector = zoo.load_detector(zoo.default_detector("digits-cnn"), "cpu")
    for name in attacks.names() + attacks.names(pair=True):
        attack = attacks.create(name, **quick(attacks.get(name), detector=detector))
        out[name] = attack.run(model, images, labels).x_adv.tolist()
    for kind in ("gaussian", "sphere", "uniform"):
        out[kind] = attacks.create("noise", kind=kind)(model, images, labels).tolist()
    for name in defenses.names():
        defense = defenses.create(name, **quick(defenses.get(name)))
        if not defense.refusal("digits-cnn"):
            defended = defense(model)
            out["behind " + name] = attacks.create("fgsm")(defended, images, labels, adaptive=True).tolist()
            out["answer of " + name] = defended(images).tolist()
    smooth = defenses.create("smoothing", n=40)
    out["certificate"] = repr(smooth.certificate(smooth.protected(model), images[0]))
    for method in METHODS.names():
        name = next(n for n in zoo.detectors() if zoo.index()[n]["method"] == method)
        detector = zoo.load_detector(name, "cpu")
        of = detector.classifier
        grey = torch.full((2, 3, 32, 32), 0.4, dtype=torch.float32, device="cpu")
        x = images if of.channels == 1 else grey
        out[method] = detector.score(x).tolist()
    rows = evaluate(model, "pgd", images, labels, eps_list=[0.1], parameters={"steps": 2})["rows"][0]
    out["evaluate"] = [rows["top1"], rows["mean_l2"]]
    return out
print(json.dumps(everything()))
if "then-meta" in sys.argv:
    torch.set_default_device("meta")
    zoo.loading._loaded.clear()  # everything is made again
    zoo.loading._detectors.clear()
    zoo.specs._skeleton.cache_clear()
    print(json.dumps(everything()))
"""


def answers(*how: str) -> list[dict]:
    """Everything that is asked for, once for each state of torch's defaults."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, *how], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_torchs_defaults_change_nothing():
    usual, meta = answers("then-meta")
    assert meta == usual
    assert answers("float64") == [usual]


def nameless(source: str) -> list[str]:
    """Calls of torch that make a tensor and leave its device or its dtype to torch's defaults."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of, maker = node.func.value, node.func.attr
        if isinstance(of, ast.Name) and of.id == "torch" and maker in MAKERS:
            named = {keyword.arg for keyword in node.keywords}
            missing = {"device"} | (set() if maker in WHOLE else {"dtype"})
            found += [f"{node.lineno}: {maker} without {each}" for each in missing - named]
    return found


def test_every_tensor_is_made_with_a_device_and_a_dtype():
    paths = sorted(ROOT.glob("robust_core/**/*.py"))
    assert len(paths) > 200
    assert not [f"{p}:{each}" for p in paths for each in nameless(p.read_text(encoding="utf-8"))]


def test_a_tensor_without_either_is_found():
    made = "torch.zeros(2, dtype=kind)\ntorch.arange(3, device=place)\ntorch.rand(1)"
    found = ["1: zeros without device", "3: rand without device", "3: rand without dtype"]
    assert sorted(nameless(made)) == found
