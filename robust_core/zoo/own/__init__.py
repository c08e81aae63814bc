"""Models of the user's own, read safely: ONNX files, and safetensors with the name of an architecture.

    from robust_core.zoo import own

    model = own.load("model.onnx", class_names=["cat", "dog"], mean=(0.5,) * 3, std=(0.5,) * 3)

No pickle is ever opened. A network in Python needs none of this: ``Classifier(network, ...)``.
"""

from robust_core.zoo.own.checking import LARGEST, Checked, checked, content_of, plain_name
from robust_core.zoo.own.loading import classifier, load, names_for, normalisation_of
from robust_core.zoo.own.normalisation import Normalisation, compare_normalisations, in_words

__all__ = [
    "LARGEST",
    "Checked",
    "Normalisation",
    "checked",
    "classifier",
    "compare_normalisations",
    "content_of",
    "in_words",
    "load",
    "names_for",
    "normalisation_of",
    "plain_name",
]
