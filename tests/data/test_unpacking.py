"""What is unpacked of an archive that means no good, as a ZIP and as a tar."""

import io
import stat
import tarfile
import zipfile
from contextlib import nullcontext

import pytest

from robust_core.data.record import Archive
from robust_core.data.unpacking import BROKEN, SLACK, unpack


def archive(kind: str, **changes) -> Archive:
    values = {"members": None, "unpacked": 1000, "size": 0, "checksum": "", "folder": "signs"}
    return Archive(url=f"https://example.org/a.{kind}", **values | changes)


@pytest.fixture(params=["zip", "tar.gz"])
def kind(request):
    return request.param


@pytest.fixture
def pack(kind, tmp_path):
    """``pack(files, link)``: an archive of names and bytes, and of a symbolic link."""

    def zipped(path, files, link):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name, content in files:
                target.writestr(name, content)
            if link:
                info = zipfile.ZipInfo(link)
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                target.writestr(info, "/etc/passwd")

    def tarred(path, files, link):
        with tarfile.open(path, "w:gz") as target:
            for name, content in files:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                target.addfile(info, io.BytesIO(content))
            if link:
                info = tarfile.TarInfo(link)
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                target.addfile(info)

    def pack(files, link=None):
        path = tmp_path / f"packed.{kind}"
        (zipped if kind == "zip" else tarred)(path, files, link)
        return path

    return pack


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "a" / "b" / "target"
    folder.mkdir(parents=True)
    return folder


def there(target):
    root = target.parents[2]
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} - {
        f"packed.{kind}" for kind in ("zip", "tar.gz")
    }


def test_files_of_the_folder_and_nothing_else(kind, pack, target):
    files = [("signs/1/a.ppm", b"a"), ("./signs/b.csv", b"b"), ("elsewhere/c", b"c"), ("d", b"d")]
    files += [("../escaped", b"x"), ("/tmp/escaped", b"x"), ("signs2/e", b"e")]
    unpack(archive(kind), pack(files, link="signs/link"), target)
    assert there(target) == {"a/b/target/signs/1/a.ppm", "a/b/target/signs/b.csv"}
    assert (target / "signs/1/a.ppm").read_bytes() == b"a"


def test_a_file_at_the_top_goes_into_the_folder(kind, pack, target):
    files = [("truth.csv", b"a"), ("other.csv", b"b"), ("../truth.csv", b"c")]
    unpack(archive(kind, inside="", members=("truth.csv",)), pack(files), target)
    assert there(target) == {"a/b/target/signs/truth.csv"}
    assert (target / "signs/truth.csv").read_bytes() == b"a"


@pytest.mark.parametrize(
    "name", ["signs/../../up", "signs/x/../../../up", "signs/..\\up", "signs/C:up"]
)
def test_a_path_that_leads_out_of_the_folder(kind, pack, target, name):
    with pytest.raises(ValueError, match="whose path is not allowed"):
        unpack(archive(kind), pack([(name, b"x")]), target)
    assert there(target) == set()


def test_far_more_than_is_expected(kind, pack, target):
    """However small it is packed."""
    files = [(f"signs/{i}", bytes(100)) for i in range(9)]
    unpack(archive(kind, unpacked=450), pack(files), target)
    assert SLACK * 449 < 900
    with pytest.raises(ValueError, match="unpacks to far more"):
        unpack(archive(kind, unpacked=449, folder="again", inside="signs"), pack(files), target)


def test_a_member_that_is_missing_or_doubled(kind, pack, target):
    with pytest.raises(ValueError, match=r"b\.csv is missing"):
        unpack(archive(kind, members=("a", "b.csv")), pack([("signs/a", b"a")]), target)
    with pytest.warns(UserWarning, match="Duplicate") if kind == "zip" else nullcontext():
        twice = pack([("signs/c", b"c"), ("signs/c", b"d")])
    with pytest.raises(ValueError, match="has c twice"):
        unpack(archive(kind), twice, target)


def test_a_link_is_no_member(kind, pack, target):
    with pytest.raises(ValueError, match="link is missing"):
        unpack(archive(kind, members=("link",)), pack([], link="signs/link"), target)


def test_damage_is_one_of_the_errors_that_are_caught(kind, pack, target, tmp_path):
    whole = pack([("signs/a", bytes(range(256)) * 40)]).read_bytes()
    for content in (b"", b"PK\3\4nonsense", whole[: len(whole) // 2], b"\x1f\x8b" + bytes(30)):
        path = tmp_path / f"damaged.{kind}"
        path.write_bytes(content)
        with pytest.raises(BROKEN):
            unpack(archive(kind), path, target)
