"""What a model may do and be: every attack holds to it, and so do predictions and evaluations."""

import copy
from dataclasses import fields

import pytest
import torch
from torch import nn

from robust_core import attacks, contract, defenses, goals, zoo
from robust_core.attacks.oracle import Oracle
from robust_core.certify import pixeldp, smoothing
from robust_core.classifier import Classifier
from robust_core.contract import Asked
from robust_core.detectors import METHODS, FeatureSqueezing
from robust_core.detectors.measure import ask
from robust_core.detectors.squeezers import squeezer
from robust_core.evaluation import draws, masking
from robust_core.evaluation.accuracy import evaluate
from robust_core.experiment.perform import perform
from robust_core.zoo import weights

FEW = {"steps": 6, "targets": 2, "max_queries": 30, "rounds": 3, "search_steps": 2}
SINGLE = attacks.local_names()
UNIVERSAL = [name for name in attacks.names() if name not in SINGLE]
EVERY = SINGLE + UNIVERSAL + attacks.names(pair=True)
MEAN, STD = 0.3, 0.25


class Brightness:
    """A detector of bright pictures; with ``writes`` it changes its input in place."""

    def __init__(self, writes=False):
        self.writes = writes

    def logit(self, images):
        images = images.sub_(0.5) if self.writes else images - 0.5
        return images.flatten(1).mean(1) * 4


def build(name, detector=None, **parameters):
    known = {field.name for field in fields(attacks.get(name))}
    wanted = FEW | {"detector": detector or Brightness(), "eps": 0.3} | parameters
    return attacks.create(name, **{k: v for k, v in wanted.items() if k in known})


class Small(nn.Module):
    """A smooth network for pictures of 4 x 4 pixels, which normalises them in place or not."""

    def __init__(self, how="apart", dtype=torch.float32, classes=4):
        super().__init__()
        self.how = how
        generator = torch.Generator().manual_seed(3)
        first = torch.randn(16, 16, generator=generator) / 4
        last = torch.randn(classes, 16, generator=generator)
        self.first = nn.Parameter(first.to(dtype))
        self.last = nn.Parameter(last.to(dtype))

    def forward(self, x):
        if self.how == "in place":
            x.sub_(MEAN).div_(STD)
        elif self.how == "behind autograd's back":
            x.data.sub_(MEAN)
            x = x / STD
        else:
            x = (x - MEAN) / STD
        return torch.tanh(x.view(x.size(0), -1) @ self.first.T) @ self.last.T


@pytest.fixture
def small_pictures(pictures):
    return pictures(6, (1, 4, 4), torch.float32, low=0.0, high=1.0)


@pytest.mark.parametrize("how", ["in place", "behind autograd's back"])
@pytest.mark.parametrize("name", EVERY)
def test_a_model_may_write_into_what_it_is_given(name, how, small_pictures):
    labels = Small()(small_pictures).argmax(1)
    expected = build(name).run(Small(), small_pictures, labels)
    images, given = small_pictures.clone(), labels.clone()
    result = build(name, Brightness(writes=True)).run(Small(how), images, given)
    assert images.equal(small_pictures)
    assert given.equal(labels)
    assert result.x_adv.equal(expected.x_adv)
    assert result.success.equal(expected.success)
    assert 0 <= result.x_adv.min() <= result.x_adv.max() <= 1


@pytest.mark.parametrize("goal", [goals.LeastLikely(), goals.RandomTarget()], ids=lambda g: g.name)
@pytest.mark.parametrize("name", SINGLE)
def test_a_goal_that_asks_the_model_leaves_the_pictures_alone(name, goal, small_pictures):
    images, labels = small_pictures.clone(), torch.zeros(6, dtype=torch.long)
    if goal.name not in build(name).goals:  # by labels alone nobody knows the least likely class
        with pytest.raises(ValueError, match=f"got {goal.name}"):
            build(name).run(Small(), images, labels, goal)
        return
    result = build(name).run(Small("in place"), images, labels, goal)
    assert images.equal(small_pictures)
    assert result.x_adv.equal(build(name).run(Small(), images, labels, goal).x_adv)


def test_only_a_model_that_writes_gets_copies(small_pictures):
    for how, copies in (("apart", 1), ("in place", 3)):
        seen = []
        model = Small(how)
        model.register_forward_pre_hook(lambda _, x, seen=seen: seen.append(x[0].data_ptr()))
        ask = Asked(model)
        for _ in range(3):
            ask(small_pictures)
        assert sum(place != small_pictures.data_ptr() for place in seen) == copies


def test_a_model_is_asked_once_for_each_pass_that_is_counted(small_pictures):
    asked = []

    def model(x):
        asked.append(len(x))
        return Small()(x)

    labels = torch.zeros(6, dtype=torch.long)
    result = attacks.create("bim", steps=4).run(model, small_pictures, labels)
    assert result.queries_forward.tolist() == [4] * 6
    assert len(asked) == 4 + 1  # the last is the fresh pass behind success


@pytest.mark.parametrize("plain", [False, True], ids=["module", "function"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", EVERY)
def test_a_half_precision_model_is_asked_in_its_own_dtype(name, dtype, plain, small_pictures):
    seen = set()
    module = Small(dtype=dtype)

    def model(x):
        seen.add(x.dtype)
        return module(x)

    images = small_pictures.to(dtype)
    labels = module(images).argmax(1)
    result = build(name).run(model if plain else module, images, labels)
    assert result.x_adv.dtype == dtype
    assert result.trace.dtype == torch.float32
    assert result.success.equal(module(result.x_adv).argmax(1) != labels)
    assert seen <= {torch.float32, dtype}
    if name in ("bim", "pgd", "apgd", "auto"):
        assert result.success.all()
    if name in ("deepfool", "deepfool-linf", "cw-l2", "cw-linf"):  # rounding undoes a few
        assert result.success.any()


def test_a_module_in_double_precision_takes_pictures_in_single(small_pictures):
    model = Small(dtype=torch.float64)
    labels = model(small_pictures.double()).argmax(1)
    result = build("pgd").run(model, small_pictures, labels)
    assert result.x_adv.dtype == torch.float32
    assert result.success.all()


def test_an_error_that_is_not_about_the_dtype_is_the_first_one(small_pictures):
    def broken(x):
        raise RuntimeError(f"broken with {x.dtype}")

    with pytest.raises(RuntimeError, match=r"broken with torch\.float32"):
        attacks.FGSM()(broken, small_pictures.half(), torch.zeros(6, dtype=torch.long))


class Flat(nn.Module):
    """All gradients are zero; asks for the size of an empty batch, which ``view`` cannot know."""

    def forward(self, x):
        assert len(x), "asked about no picture"
        x = x.view(x.size(0), -1)
        return torch.tensor([3.0, 2.0, 1.0, 0.0]) + (x * 0).sum(1, keepdim=True)


@pytest.mark.parametrize("label", [0, 1], ids=["right", "wrong"])
@pytest.mark.parametrize("name", EVERY)
def test_no_attack_asks_about_no_pictures(name, label, small_pictures):
    labels = torch.full((6,), label)
    result = build(name).run(Flat(), small_pictures, labels)
    assert result.success.tolist() == [label != 0] * 6
    if name.startswith("deepfool") and label == 0:
        assert result.x_adv.equal(small_pictures)
        assert (result.zero_gradients > 0).all()


@pytest.mark.parametrize("name", ["deepfool", "deepfool-linf"])
def test_a_flat_picture_does_not_stop_the_others(name, small_pictures):
    model = Small()
    dark = small_pictures * torch.tensor([0.0, 1, 1, 0, 1, 1]).view(-1, 1, 1, 1)

    def flat_when_black(x):
        seen = (x.flatten(1).sum(1) > 0).float().unsqueeze(1)
        return model(x * seen.view(-1, 1, 1, 1))

    labels = flat_when_black(dark).argmax(1)
    result = build(name, steps=30).run(flat_when_black, dark, labels)
    assert result.success.tolist() == [False, True, True, False, True, True]


def classifier(size=(4, 4), channels=1, network=None):
    return Classifier(
        network or Small(),
        name="small",
        class_names=tuple("abcd"),
        input_size=size,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )


WRONG = {
    "height": (6, 1, 5, 4),
    "width": (6, 1, 4, 8),
    "channels": (6, 3, 4, 4),
    "values in a row": (6, 16),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", EVERY)
def test_an_attack_names_both_sizes(name, wrong):
    model, images = classifier(), torch.full(WRONG[wrong], 0.5)
    labels = torch.zeros(6, dtype=torch.long)
    text = r"^images must be of shape \[N, 1, 4, 4\] for small; got \[" + ", ".join(
        map(str, images.shape)
    )
    for victim in (model, defenses.create("bit-depth")(model)):
        with pytest.raises(ValueError, match=text):
            build(name)(victim, images, labels)
    aware = defenses.create("bit-depth")(model).adaptive
    with pytest.raises(ValueError, match=text):
        build(name)(aware, images, labels)


@pytest.mark.parametrize("name", EVERY)
def test_one_picture_without_a_batch_axis_is_told_so(name):
    single = torch.full((1, 4, 4), 0.5)
    with pytest.raises(ValueError, match=r"got \[1, 4, 4\]; one picture needs a batch axis"):
        build(name)(classifier(), single, torch.tensor([0]))
    with pytest.raises(ValueError, match=r"labels must .*one picture needs a batch axis"):
        build(name)(Small(), single.expand(3, 4, 4), torch.tensor([0]))


@pytest.mark.parametrize("wrong", WRONG)
def test_predictions_and_evaluations_name_both_sizes(wrong):
    model, images = classifier(), torch.full(WRONG[wrong], 0.5)
    text = r"^images must be of shape \[N, 1, 4, 4\] for small; got \[6, "
    with pytest.raises(ValueError, match=text):
        model.predict(images)
    with pytest.raises(ValueError, match=text):
        evaluate(model, "fgsm", images, torch.zeros(6, dtype=torch.long), eps_list=[0.1])


def test_an_experiment_names_both_sizes():
    pixels = torch.zeros(4, 6, 1, dtype=torch.uint8).numpy()
    with pytest.raises(ValueError, match=r"\[N, 1, 4, 4\] for small; got \[1, 1, 4, 6\]"):
        perform(classifier(), pixels, attacks.FGSM())


@pytest.mark.parametrize("shape", [(1, 4, 6), (3, 4, 4)], ids=str)
def test_detectors_and_certificates_name_both_sizes(shape):
    model, image = classifier(), torch.full((1, *shape), 0.5)
    detector = FeatureSqueezing(model, [squeezer("bits-2")])
    smooth = defenses.create("smoothing", n=10)
    draw = torch.Generator().manual_seed(0)
    for asked in (
        lambda: detector.score(image),
        lambda: detector.flags(image),
        lambda: smooth.certificate(model, image),
        lambda: smoothing.votes(model, image, sigma=0.1, n=4, generator=draw),
        lambda: smoothing.certify(model, image, sigma=0.1, n0=4, n=4),
    ):
        with pytest.raises(
            ValueError, match=r"^images must be of shape \[N, 1, 4, 4\] for small; got"
        ):
            asked()


def test_votes_of_a_network_that_writes_into_its_input(small_pictures):
    image = small_pictures[:1].clone()

    def votes(how):
        network = Small(how)
        draw = torch.Generator().manual_seed(0)
        noisy = lambda x, g: network(x) + torch.randn(len(x), 4, generator=g)  # noqa: E731
        return pixeldp.votes(noisy, image, 50, draw, batch=16)

    assert votes("in place").equal(votes("apart"))
    assert image.equal(small_pictures[:1])


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 9, 5), (7,)], ids=str)
@pytest.mark.parametrize("name", [name for name in EVERY if name != "patch"])  # which has a side
def test_any_other_callable_takes_any_size(name, shape):
    def model(x):
        mean = x.flatten(1).mean(1)
        return torch.stack([mean, 1 - mean, mean * 0.5, mean * 0], 1)

    images = torch.full((2, *shape), 0.6)
    assert build(name)(model, images, torch.tensor([0, 0])).shape == images.shape


class Batchwise(nn.Module):
    """Batch normalisation without running statistics."""

    def __init__(self, track):
        super().__init__()
        self.norm = nn.BatchNorm2d(1, track_running_stats=track)
        self.small = Small()

    def forward(self, x):
        return self.small(self.norm(x))


@pytest.mark.parametrize("name", EVERY)
def test_a_model_whose_answers_depend_on_the_batch_is_named(name, small_pictures):
    labels = torch.zeros(6, dtype=torch.long)
    for track, expected in ((True, ()), (False, (contract.DEPENDS_ON_BATCH,))):
        result = build(name).run(Batchwise(track), small_pictures, labels)
        assert result.notices == expected


def test_an_evaluation_and_an_experiment_say_so_too(small_pictures):
    model = classifier(network=Batchwise(False))
    said = []
    labels = torch.zeros(6, dtype=torch.long)
    evaluate(model, "fgsm", small_pictures, labels, eps_list=[0.1], on_notice=said.append)
    assert said == [contract.DEPENDS_ON_BATCH]
    pixels = (small_pictures[0].permute(1, 2, 0) * 255).byte().numpy()
    experiment = perform(model, pixels, attacks.FGSM())
    assert experiment.notices == (contract.DEPENDS_ON_BATCH,)


def test_a_model_in_training_mode_is_evaluated_in_eval_mode_and_left_as_it_was(small_pictures):
    model = classifier(network=Batchwise(True)).train()
    model.network.norm.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    labels = torch.zeros(6, dtype=torch.long)
    mixed = evaluate(model, "fgsm", small_pictures, labels, eps_list=[0.1])
    model.network.norm.train()
    trained = evaluate(model, "fgsm", small_pictures, labels, eps_list=[0.1])
    for row in (*mixed["rows"], *trained["rows"]):
        row.pop("seconds")
    assert trained == mixed
    assert model.training
    assert model.network.norm.training
    assert all(v.equal(before[k]) for k, v in model.state_dict().items())


def state_of(model):
    """Everything that a wrapper might change in a module: modes, gradients wanted, dtypes, values."""
    modes = [module.training for module in model.modules()]
    weights = [(p.requires_grad, p.grad, p.dtype, p.device) for p in model.parameters()]
    return modes, weights, {k: v.tolist() for k, v in model.state_dict().items()}


WRAPPERS = {
    **{name: defenses.create(name) for name in ("jpeg", "bit-depth", "median", "tv")},
    **{name: defenses.create(name) for name in ("random-resize-pad", "smoothing")},
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_changes_nothing_of_what_it_wraps(wrapper, small_pictures):
    model = classifier(network=Batchwise(True)).train()
    model.network.norm.eval()
    before = state_of(model)
    wrapped = WRAPPERS[wrapper](model)
    assert state_of(model) == before
    wrapped.predict(small_pictures)
    build("fgsm")(wrapped, small_pictures, torch.zeros(6).long(), adaptive=True)
    assert state_of(model) == before


def test_a_defended_model_has_the_normalisation_and_the_dtype_of_its_base(small_pictures):
    model = classifier(network=Small(dtype=torch.float16)).half()
    defended = defenses.create("bit-depth", bits=8)(model)
    assert defended.mean.dtype == torch.float16
    assert defended(small_pictures).dtype == torch.float16


def flipped(defended, images, labels, adversarial) -> float:
    """Pictures that are right when clean and wrong when adversarial; a random model on its fresh draws."""
    counts = []
    for draw in draws.fresh(draws.count_for(defended)) if draws.is_random(defended) else [0]:
        with draws.drawn(defended, draw) as judge:
            before, after = (judge(x).argmax(1) for x in (images, adversarial))
        counts.append(int(((before == labels) & (after != labels)).sum()))
    return sum(counts) / len(counts)


@pytest.mark.parametrize("how", ["module", "in place", "function", "half"])
@pytest.mark.parametrize("name", WRAPPERS)
def test_any_callable_can_be_put_behind_a_defence(name, how, small_pictures):
    dtype = torch.float16 if how == "half" else torch.float32
    module = Small("in place" if how == "in place" else "apart", dtype)
    model = module.forward if how == "function" else module
    defended = WRAPPERS[name](model)
    images = small_pictures.clone()
    labels = defended(images).argmax(1)
    assert [guess[0].label for guess in defended.predict(images)] == [
        str(i) for i in labels.tolist()
    ]
    result = build("fgsm").run(defended, images, labels, adaptive=True)
    assert images.equal(small_pictures)
    assert result.success.equal(defended(result.x_adv).argmax(1) != labels)
    row = evaluate(defended, "fgsm", images, labels, eps_list=[0.3], adaptive=True)["rows"][0]
    assert row["flipped"] == pytest.approx(flipped(defended, images, labels, result.x_adv))
    other = torch.full((2, 1, 5, 9), 0.5)
    wide = WRAPPERS[name](lambda x: x.flatten(1)[:, :4])
    assert len(wide.predict(other)) == 2


def test_what_cannot_be_called_cannot_be_defended():
    with pytest.raises(ValueError, match=r"^model must be callable, .*; got str"):
        defenses.create("jpeg")("digits-cnn")


@pytest.mark.parametrize("method", METHODS.names())
def test_detectors_of_every_method_leave_the_classifier_as_it_was(method):
    name = next(name for name in zoo.detectors() if zoo.index()[name]["method"] == method)
    entry = zoo.index()[name]
    classifier = copy.deepcopy(zoo.load(entry["model"], "cpu")).train().requires_grad_(True)
    list(classifier.modules())[2].eval()
    before = state_of(classifier)
    tensors = weights.tensors(name, entry, "")
    images = torch.rand(2, classifier.channels, *classifier.input_size)
    detector = METHODS.get(method).from_entry(classifier, tensors, entry)
    assert torch.equal(detector.score(images), zoo.load_detector(name, "cpu").score(images))
    detector.both(images)
    detector.logit(images)
    ask([detector], images, torch.zeros(2).long())
    assert state_of(classifier) == before


def test_the_checklist_and_votes_keep_to_the_contract(small_pictures):
    """The caller's pictures are not written to, half precision is asked as such, sizes are named."""
    labels = torch.zeros(6, dtype=torch.long)
    images = small_pictures.clone()
    budget = masking.Budget(steps=1, queries=1, draws=1, radii=(1.0,))
    for dtype in (torch.float32, torch.float16):
        masking.checklist(Small("in place", dtype), images, labels, eps=0.1, budget=budget)
        assert torch.equal(images, small_pictures)
    generator = torch.Generator().manual_seed(0)
    model = Small(dtype=torch.float16)
    votes = smoothing.votes(model, images[0], sigma=0.1, n=4, generator=generator)
    assert votes.sum() == 4
    with pytest.raises(ValueError, match=r"^images must be of shape \[N, .*; got \[6, "):
        masking.checklist(zoo.load("cifar10-resnet32", "cpu"), images, labels)


def test_any_callable_can_be_evaluated(small_pictures):
    labels = torch.zeros(6, dtype=torch.long)
    images = small_pictures.clone()
    made = [
        evaluate(m, "fgsm", images, labels, eps_list=[0.1]) for m in (Small(), Small("in place"))
    ]
    for one in made:
        one["rows"][0]["seconds"] = 0
    assert made[0] == made[1]
    assert torch.equal(images, small_pictures)


@pytest.mark.parametrize("kind", [AssertionError, TypeError, ValueError])
def test_a_model_may_refuse_another_dtype_in_its_own_words(kind, small_pictures):
    def picky(x):
        if x.dtype != torch.float16:
            raise kind("half only")
        return Small(dtype=torch.float16)(x)

    images = small_pictures.half()
    assert attacks.FGSM()(picky, images, torch.zeros(6).long()).dtype == torch.float16


def test_the_oracle_asks_another_model_anew(small_pictures):
    oracle = Oracle(Small("in place"), small_pictures.clone())
    with oracle.asking(Small("in place"), beside=0):
        inside = oracle.logits(oracle_pictures := small_pictures.clone())
    assert oracle_pictures.equal(small_pictures)
    assert inside.equal(oracle.logits(small_pictures))
