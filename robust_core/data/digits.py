"""scikit-learn's 1797 hand-written digits, 8x8 grey (Alpaydin and Kaynak, UCI, 1998)."""

import torch
from torch import Tensor

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
    rows = torch.tensor({"train": train, "test": test}[split])
    images = torch.from_numpy(bunch.images).float().div(16).unsqueeze(1)
    return images[rows], torch.from_numpy(bunch.target).long()[rows]
