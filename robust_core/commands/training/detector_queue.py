"""The bundled detectors, by the options that make each, in the order in which they are trained."""

LINF, L2 = "--steps 10 --step-size 1/255", "--steps 10 --step-size 20/255"
MAIN, SMALLER, SMALLEST = (f"--limit {n}" for n in (10_000, 5_000, 3_000))
# The smallest whole eps (L2: of the four) at which the classifier is right on under 30 %: python -m
# robust_core evaluate --model cifar10-resnet32 --attack fgsm --eps 1/255 2/255 --data cifar10 --limit 2000
ITERATIVE, FAST, ITERATIVE_L2 = "bim --eps 1/255", "fgsm --eps 2/255", "bim-l2 --eps 40/255"
# In turn, the adversaries of --adversary several: each just as the detector that is made for it alone.
SEVERAL = (FAST, f"{ITERATIVE} {LINF}", f"{ITERATIVE_L2} {L2}", "deepfool", "deepfool-linf")

COMMANDS = (
    f"--adversary bim --eps 2/255 {LINF} {MAIN}",
    f"--adversary {ITERATIVE} {LINF} {MAIN}",
    f"--adversary {FAST} {MAIN}",
    f"--adversary {ITERATIVE_L2} {L2} {MAIN}",
    f"--point AD(4) --adversary deepfool {MAIN}",
    f"--point AD(4) --adversary deepfool-linf {MAIN}",
    # Dynamic: from the static detector of the same eps on.
    f"--adversary dynamic --eps 1/255 {LINF} {SMALLER} --start cifar10-resnet32-ad2-bim-1-255",
    f"--adversary bim --eps 4/255 {LINF} {SMALLER}",
    f"--adversary bim --eps 3/255 {LINF} {SMALLER}",
    *(f"--adversary fgsm --eps {n}/255 {SMALLEST}" for n in (1, 3, 4)),
    *(f"--adversary bim-l2 --eps {n}/255 {L2} {SMALLEST}" for n in (20, 60, 80)),
    *(f"--point AD({i}) --adversary {ITERATIVE} {LINF} {MAIN}" for i in (4, 3, 1, 0)),
    f"--adversary deepfool {MAIN}",
    f"--adversary several {MAIN}",
)
