"""Network architectures, and nothing else: no weights, no data, no training."""

from robust_core.models.autoencoder import ClassConditionalAutoencoder
from robust_core.models.detector import DetectorNet
from robust_core.models.digits_cnn import DigitsCNN
from robust_core.models.mlp import DigitsMLP
from robust_core.models.photo_resnet import PhotoResNet
from robust_core.models.pixeldp import PixelDPResNet32
from robust_core.models.resnet import ResNet32
from robust_core.models.saturated import SaturatedCNN
from robust_core.models.signs_cnn import SignsCNN
from robust_core.models.small_cnn import SmallCNN
from robust_core.models.vgg import SelectedVGG

__all__ = [
    "ClassConditionalAutoencoder",
    "DetectorNet",
    "DigitsCNN",
    "DigitsMLP",
    "PhotoResNet",
    "PixelDPResNet32",
    "ResNet32",
    "SaturatedCNN",
    "SelectedVGG",
    "SignsCNN",
    "SmallCNN",
]
