"""scikit-learn's 1797 hand-written digits, 8x8 grey (Alpaydin and Kaynak, UCI, 1998)."""

import torch
from torch import Tensor

from robust_core.data.record import DataSet

CLASSES = tuple(str(digit) for digit in range(10))
TEST_SHARE, SPLIT_SEED = 0.25, 0


def load(split: str) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, 1, 8, 8]`` in [0, 1], and labels, int64 ``[N]``.

    ``train`` holds 1347 pictures and ``test`` 450: a fixed stratified split.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    train, test = train_test_split(
        range(len(bunch.target)),
        test_size=TEST_SHARE,
        random_state=SPLIT_SEED,
        stratify=bunch.target,
    )
    rows = torch.tensor({"train": train, "test": test}[split], dtype=torch.int64, device="cpu")
    images = torch.from_numpy(bunch.images).float().div(16).unsqueeze(1)
    return images[rows], torch.from_numpy(bunch.target).long()[rows]


RECORD = DataSet(
    name="digits",
    title="digits",
    class_names=CLASSES,
    size=(8, 8),
    channels=1,
    splits={"train": 1347, "test": 450},
    licence="CC BY 4.0",
    credit="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
    "Repository, 1998, as shipped with scikit-learn",
    link="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    read=lambda split, root: load(split),
    comes_with="scikit-learn",
    sample_title="Hand-written {label}",
    # An easily read one of each class, with its label, as reading labels imports scikit-learn.
    offered={1: 0, 5: 1, 0: 2, 30: 3, 2: 4, 26: 5, 8: 6, 9: 7, 12: 8, 3: 9},
    start_eps=0.15,
    detector_eps={"fgsm": 0.1, "bim": 0.1},
    alike_when_near=True,
)
