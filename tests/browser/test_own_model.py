"""A visitor's own model: brought, checked, attacked; a pickle and a damaged file get a sentence."""

from robust_core import zoo
from tests.onnx_files import exported


def test_an_onnx_file_is_checked_and_attacked_and_stays_with_its_visitor(visit):
    lab = visit("?model=own&strip=jpeg")
    page = lab.page
    bring = page.get_by_role("button", name="Use this model")
    file = page.get_by_test_id("stForm").get_by_test_id("stFileUploaderDropzoneInput")
    content = exported(zoo.load("digits-cnn", "cpu").network, (1, 8, 8))

    def hand_over(name: str, data: bytes) -> None:
        lab.wait_for_rest()
        (lab.folder / name).write_bytes(data)
        file.set_input_files(lab.folder / name)
        page.get_by_test_id("stForm").get_by_text(name).first.wait_for()
        lab.wait_for_rest()
        bring.click()

    hand_over("checkpoint.pt", b"PK\x03\x04" + bytes(500))
    page.get_by_text("reading a pickle runs whatever program is in it").wait_for()
    page.get_by_label("Class names, in the order of the outputs").fill("digits")
    hand_over("mine.onnx", content)
    page.get_by_text("In use: 8 x 8 grey, 10 classes").wait_for()
    page.get_by_text("test pictures of digits").wait_for()
    page.get_by_text("Your model: mine").wait_for()
    lab.wait_for_pictures()
    lab.choose_eps("0.5")
    assert '"0"' in lab.sentence
    lab.tab("Reproduce")
    page.get_by_text("--model mine.onnx").first.wait_for()
    page.get_by_text("not your model").wait_for()
    assert not lab.broken
    assert not page.get_by_test_id("stException").count()
    other = visit("?model=own&strip=jpeg")  # a link does not bring it along
    other.page.get_by_text("Meanwhile the model is").wait_for()
