"""Attack a photograph: the smallest change that DeepFool finds, and the adversarial picture as adv.png.

python examples/attack_a_photograph.py [PICTURE]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from robust_core import attacks, imaging, zoo
from robust_core.data import fitting, samples, uploads

model = zoo.load("cifar10-resnet32")
picture = uploads.decode_file(sys.argv[1]) if sys.argv[1:] else samples.load("chelsea").picture
pixels = fitting.fit(
    picture.pixels, size=model.input_size, resize=model.resize, channels=model.channels, how="crop"
)
clean = fitting.to_tensor(pixels).to(model.device)

label = model(clean).argmax(1)  # a photograph has no true label: the prediction stands in for it
record = attacks.create("deepfool").run(model, clean, label)

for name, image in {"before": clean, "after": record.x_adv}.items():
    guesses = (f"{guess.label} {guess.confidence:.1%}" for guess in model.predict(image, 3)[0])
    print(f"{name + ':':8}{', '.join(guesses)}")
print(
    f"change: L2 {record.l2.item():.3f}, no value by more than {255 * record.linf.item():.1f}/255"
)
Path("adv.png").write_bytes(imaging.png(fitting.to_pixels(record.x_adv)[0]))
print("written: adv.png")
