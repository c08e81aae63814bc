"""An interactive laboratory for adversarial examples: the part that computes.

    from robust_core import attacks, zoo

    model = zoo.load("cifar10-resnet32")
    adversarial = attacks.create("pgd", eps=8 / 255, steps=20)(model, images, labels)

Pictures are float32 RGB tensors ``[N, 3, H, W]`` in [0, 1]; every distance and eps is in that unit.
"""

__version__ = "0.1.0"
