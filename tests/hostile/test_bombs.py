"""Files made to keep a decoder busy: refused by their headers, or ended in time and memory."""

import io
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from robust_core.data import decoding, headers, pixels
from robust_core.data.headers import jpeg
from robust_core.data.headers.header import Header
from robust_core.data.uploads import MAX_BYTES, UploadError, decode_upload
from tests.hostile import bombs


@pytest.fixture
def no_decoder(monkeypatch):
    """Nothing may be decoded from here on."""
    monkeypatch.setattr(decoding, "decode", None)


@pytest.mark.parametrize("name", bombs.REFUSED)
def test_its_header_gives_it_away(name, no_decoder):
    data = bombs.REFUSED[name]()
    assert len(data) <= MAX_BYTES
    begun = time.process_time()
    with pytest.raises(UploadError, match=r"\.$"):
        decode_upload(data)
    assert time.process_time() - begun < 1


def test_what_would_take_too_much_memory_is_refused_before_it_waits_for_a_place():
    header = Header("PNG", 8, 8, b"", memory=decoding.MEMORY + 1, quick=True)
    with pytest.raises(UploadError, match="more than 300 MB"):
        decoding.decode(header, lambda: pytest.fail("it waits"))


@pytest.mark.parametrize("name", bombs.DEFUSED)
def test_what_the_pixels_do_not_need_is_skipped(name):
    data = bombs.DEFUSED[name]()
    assert len(data) <= MAX_BYTES
    begun = time.process_time()
    assert not decode_upload(data).pixels[1:, 1:].std()
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("extra", [bombs.PROFILE, bombs.TEXT, bombs.INTERNATIONAL])
def test_large_texts_and_profiles_do_not_make_a_png_damaged(extra):
    packed = bombs.zlib.compress(bytes(16 * 49))
    assert not decode_upload(bombs.png(16, 16, *[extra] * 3, packed=packed)).pixels.any()


@pytest.fixture
def slow_file(monkeypatch) -> bytes:
    """A JPEG that takes about ten seconds, and passes the walk through its header."""
    monkeypatch.setattr(jpeg, "MAX_SCANS", 1_000)
    return bombs.many_scans(900, 4_900)


def test_a_slow_decoding_is_ended(slow_file, monkeypatch):
    monkeypatch.setattr(decoding, "SECONDS", 1)
    begun = time.monotonic()
    with pytest.raises(UploadError, match="longer than 1 seconds"):
        decode_upload(slow_file)
    assert time.monotonic() - begun < 5
    assert decode_upload(bombs.progressive()).width == 64, "its place is free again"


def test_a_process_without_an_end_of_its_own_is_ended(tmp_path, monkeypatch):
    """As where the system has no alarm."""
    endless = tmp_path / "endless.py"
    endless.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(decoding.pixels, "__file__", str(endless))
    monkeypatch.setattr(decoding, "SECONDS", 0.3)
    header = Header("PNG", 8, 8, b"", memory=1, quick=False)
    begun = time.monotonic()
    with pytest.raises(UploadError, match="takes longer than"):
        decoding.decode(header, lambda: None)
    assert time.monotonic() - begun < 10


def test_a_large_file_reaches_a_process_that_is_slow_to_start(monkeypatch):
    noise = Image.effect_noise((1200, 900), 90).convert("RGB")
    data = bombs.saved(noise, "WEBP", lossless=True, method=0)
    assert len(data) > 2**19
    monkeypatch.setattr(decoding, "PACE", 0.001)
    looks = []
    assert decode_upload(data, check=lambda: looks.append(1)).width == 1024
    assert looks


class LeavesError(Exception):
    pass


def test_a_visitor_who_leaves_takes_the_work_along(slow_file, monkeypatch):
    started = []
    start = subprocess.Popen

    def noted(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)

    def leave():
        raise LeavesError

    with pytest.raises(LeavesError):
        decode_upload(slow_file, check=leave)
    (process,) = started
    assert process.returncode == -9


def test_the_process_ends_by_itself_if_nobody_looks(slow_file):
    data = headers.read(slow_file, "JPEG").cleaned
    command = [sys.executable, "-P", pixels.__file__, "JPEG", "0", "1", str(decoding.MEMORY)]
    begun = time.monotonic()
    assert (
        subprocess.run(command, input=data, capture_output=True, check=False, timeout=30).returncode
        < 0
    )
    assert time.monotonic() - begun < 10


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to such a limit")
def test_the_process_gets_no_more_memory_than_it_may_have(monkeypatch):
    side = 3_000
    data = bombs.png(side, side, packed=bombs.zeros(side * (1 + 3 * side)))
    monkeypatch.setattr(decoding, "SECONDS", 60)
    assert decode_upload(data).width == 1024
    header = headers.read(data, "PNG")
    assert not header.quick
    command = [sys.executable, "-P", pixels.__file__, "PNG", "0", "60", str(40 * 2**20)]
    ended = subprocess.run(
        command, input=header.cleaned, capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == pixels.TOO_LARGE


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_largest_pictures_stay_below_the_limit(kind):
    """The peak of a decoding of its own, of about the largest size: with transparency and turned."""
    side = {"PNG": 4_900, "WEBP": 3_400, "JPEG": 4_900}[kind]
    mode = {"PNG": "RGBA", "WEBP": "RGBA", "JPEG": "CMYK"}[kind]
    exif = Image.Exif()
    exif[pixels.ORIENTATION] = 6
    options = {"PNG": {"compress_level": 1}, "WEBP": {"lossless": True, "method": 0, "quality": 0}}
    image = Image.new(mode, (side, side), (9, 99, 200, 90))
    more = options.get(kind, {"progressive": True, "subsampling": 0})
    header = headers.read(bombs.saved(image, kind, exif=exif, **more), kind)
    assert header.memory <= decoding.MEMORY
    peak = "import resource as r; print(r.getrusage(r.RUSAGE_CHILDREN).ru_maxrss)"
    run = (
        "import subprocess, sys; d = sys.stdin.buffer.read();"
        "subprocess.run(sys.argv[1:], input=d, stdout=subprocess.DEVNULL, check=True);" + peak
    )
    command = [sys.executable, "-P", pixels.__file__, kind, "0", "60", str(decoding.MEMORY)]
    ended = subprocess.run(
        [sys.executable, "-c", run, *command],
        input=header.cleaned,
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert int(ended.stdout) * 1024 < decoding.MEMORY


def test_two_at_once_and_no_more(monkeypatch):
    inside, most = [], []
    lock = threading.Lock()

    def work(header):
        with lock:
            inside.append(1)
            most.append(len(inside))
        time.sleep(0.05)
        with lock:
            inside.pop()
        return np.zeros((8, 8, 3), np.uint8), []

    monkeypatch.setattr(decoding, "_here", work)
    header = headers.read(bombs.progressive(), "JPEG")
    threads = [
        threading.Thread(target=decoding.decode, args=(header, lambda: None)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == decoding.AT_ONCE == 2


def test_large_pictures_wait_for_memory():
    room = decoding.Room(2, 400)

    class FullError(Exception):
        pass

    def full():
        raise FullError

    with room.hold(300, full):
        with room.hold(100, full):
            pass
        with pytest.raises(FullError), room.hold(101, full):
            pass
    with room.hold(400, full):
        pass


def test_a_small_picture_needs_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    photo = Image.effect_noise((1500, 1000), 90).convert("RGB")
    for kind in ("PNG", "JPEG", "WEBP"):
        assert decode_upload(bombs.saved(photo, kind)).width == 1024
    buffer = io.BytesIO()
    Image.new("RGB", (5600, 4200), "red").save(buffer, "JPEG")
    assert decode_upload(buffer.getvalue()).width == 1024, "a camera's JPEG is shrunk as it is read"
