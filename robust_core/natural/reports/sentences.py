"""Reports of a breast examination put together from templates, for a classifier to be trained on.

No patient and no doctor wrote them. ``POSITIVE`` names a finding to be followed up, ``NEGATIVE`` names
harmless findings or denies a harmful one. The words are those of such reports, as in the deck's record.
"""

import torch

CLASSES = ("Negative", "Positive")
PLACES = (
    "in the upper outer quadrant",
    "in the lower inner quadrant",
    "in the left breast",
    "in the right breast",
    "in the region of palpable abnormality",
    "in the axillary tail",
    "behind the nipple",
    "in both breasts",
)
OPENINGS = (
    "There is dense fibrous tissue {place}.",
    "The breasts are almost entirely fatty.",
    "There is scattered fibroglandular tissue {place}.",
    "Comparison is made with the previous examination.",
    "Two views of each breast were obtained.",
    "This lowers the sensitivity of mammography.",
    "A marker was placed {place}.",
)
HARMFUL = (
    "a spiculated mass",
    "a suspicious cluster of calcifications",
    "an irregular lesion",
    "an architectural distortion",
    "a mass with indistinct margins",
    "pleomorphic calcifications",
    "a hypoechoic nodule with shadowing",
    "marked skin thickening",
)
HARMLESS = (
    "an occasional benign calcification",
    "a simple cyst",
    "a stable fibroadenoma",
    "a normal lymph node",
    "vascular calcifications",
    "an oil cyst",
    "scattered benign calcifications",
    "a fatty lobule",
)
SAYING = (
    "There is {finding} {place}.",
    "The examination demonstrates {finding} {place}.",
    "{finding} is present {place}.",
    "Note is made of {finding} {place}.",
)
DENYING = (
    "There is no evidence of {finding}.",
    "No sign of {finding} is seen.",
    "{finding} is not demonstrated.",
)
ADVICE = (
    ("Routine screening is recommended.", "No follow-up is needed.", "Return in two years."),
    ("A biopsy is recommended.", "Further evaluation is advised.", "Return in two weeks."),
)
ADVISED = 0.25
"""Share of the reports that end with advice: the others must be told by their findings."""


def reports(count: int, seed: int) -> tuple[list[str], list[int]]:
    """``count`` different reports, half of them positive, and their classes; ``seed`` decides them.

    Raises ``ValueError`` for a count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    generator = torch.Generator("cpu").manual_seed(seed)
    found: dict[str, int] = {}
    while len(found) < count:
        label = len(found) % 2
        found.setdefault(_report(label, generator), label)
    return list(found), list(found.values())


def _report(label: int, generator: torch.Generator) -> str:
    def pick(options: tuple[str, ...]) -> str:
        return options[int(torch.randint(len(options), (1,), generator=generator, device="cpu"))]

    def chance() -> float:
        return torch.rand(1, generator=generator, dtype=torch.float32, device="cpu").item()

    order = torch.randperm(len(OPENINGS), generator=generator, device="cpu").tolist()
    said = [OPENINGS[i] for i in order[: 1 + round(chance())]]
    said.append(pick(SAYING).replace("{finding}", pick(HARMFUL if label else HARMLESS)))
    if chance() < 0.5:
        other = pick(SAYING).replace("{finding}", pick(HARMLESS))
        said.append(other if label else pick(DENYING).replace("{finding}", pick(HARMFUL)))
    if chance() < ADVISED:
        said.append(pick(ADVICE[label]))
    filled = (sentence.replace("{place}", pick(PLACES)) for sentence in said)
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in filled)
