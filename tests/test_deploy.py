"""The image, the composition and the proxy of deploy/: what a machine without containers can check.

``.ci/check_proxy.py`` runs the proxy before two real replicas.
"""

import os
import re
import shutil
import subprocess
import tomllib

import pytest

from docs.generator.results import deploy
from robust_core.paths import ROOT
from tests.live import serving
from tests.test_server import Visitor, visit_at_once

yaml = pytest.importorskip("yaml")

FOLDER = ROOT / "deploy"
PROXY = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
SERVER = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
HEADER = re.compile(r'add_header (\S+) "(.*)" always;')
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
LAB = ("lab-1", "lab-2")


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Instruction and arguments of each line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(word, " ".join(rest.split())) for word, _, rest in (x.partition(" ") for x in lines)]


def addresses(service: dict) -> list[str]:
    return [net["ipv4_address"] for net in service["networks"].values() if net]


def test_every_service_is_guarded(compose):
    assert set(compose["services"]) == {*LAB, "proxy"}
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "mem_limit", "pids_limit"} <= service.keys(), name
        assert any(each.startswith("/tmp:size=") for each in service["tmpfs"]), name
        assert not service.get("privileged"), name
    assert compose["services"]["proxy"]["user"].split(":")[0] != "0"


def test_only_the_proxy_reaches_the_replicas_and_only_it_is_published(compose):
    services = compose["services"]
    assert compose["networks"]["inside"]["internal"] is True
    for name in LAB:
        assert set(services[name]["networks"]) == {"inside"}
        assert "ports" not in services[name]
    assert services["proxy"]["ports"] == ["${LAB_PORT:-8080}:8080"]


def test_the_proxy_knows_every_replica_and_they_trust_it_alone(compose):
    services = compose["services"]
    replicas = [f"{addresses(services[name])[0]}:8501" for name in LAB]
    assert services["proxy"]["environment"]["REPLICAS"].split() == replicas
    (proxy,) = addresses(services["proxy"])
    for name in LAB:
        assert services[name]["environment"]["FORWARDED_ALLOW_IPS"] == proxy
        assert services["proxy"]["depends_on"][name] == {"condition": "service_healthy"}
    for volume in services["proxy"]["volumes"]:
        assert (FOLDER / volume.split(":")[0]).is_file()
        assert volume.endswith(":ro")


def test_the_image_is_pinned_and_runs_as_nobody(dockerfile):
    bases = [rest.split()[0] for word, rest in dockerfile if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    last = max(i for i, (word, _) in enumerate(dockerfile) if word == "FROM")
    final = dict(dockerfile[last:])
    assert int(final["USER"].split(":")[0]) > 0
    assert "/_stcore/health" in final["HEALTHCHECK"]
    assert "b'ok'" in final["HEALTHCHECK"]  # unknown paths answer 200 too
    assert "ADD" not in dict(dockerfile)
    assert not [rest for word, rest in dockerfile if word == "RUN" and "apt-get" in rest]


def test_the_image_gets_what_the_wheel_is_built_from():
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in kept
    shown = {line.removeprefix("!") for line in kept if line.startswith("!")}
    assert all((ROOT / name).exists() for name in shown)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["only-include"], *wheel["force-include"]}
    assert {name.split("/")[0] for name in needed} | {"README.md", "LICENSE"} <= shown


def test_the_proxy_sets_the_headers_of_the_docs_and_takes_the_uploads_of_the_app():
    assert HEADER.findall(PROXY) == HEADER.findall(SERVER) != []
    closed = r"location = (\S+) \{\s*return 404;"
    assert re.findall(closed, PROXY) == re.findall(closed, SERVER) == ["/_stcore/metrics"]
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", PROXY)[1])
    assert config["server"]["maxUploadSize"] < megabytes <= config["server"]["maxUploadSize"] + 1
    assert config["server"]["enableXsrfProtection"] is config["server"]["enableCORS"] is True


def written(tmp_path, replicas: str) -> str:
    """The groups that proxy.sh writes; nginx is not started."""
    (tmp_path / "nginx").write_text("#!/bin/sh\n")
    (tmp_path / "nginx").chmod(0o755)
    variables = {
        "REPLICAS": replicas,
        "FOLDER": str(tmp_path / "proxy"),
        "LISTEN": "127.0.0.1:8123",
    }
    variables["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["sh", str(FOLDER / "proxy.sh")], env=variables, check=True, timeout=20)
    assert "listen 127.0.0.1:8123;" in (tmp_path / "proxy" / "nginx.conf").read_text()
    return (tmp_path / "proxy" / "replicas.conf").read_text()


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_each_replica_has_a_group_in_which_the_others_wait(tmp_path):
    said = written(tmp_path, "10.89.0.11:8501 10.89.0.12:8501 10.89.0.13:8501")
    groups = dict(re.findall(r"upstream (\w+) \{(.*?)\n\}", said, re.DOTALL))
    assert set(groups) == {"new", "replica1", "replica2", "replica3"}
    assert "backup" not in groups["new"]
    for number in "123":
        alone = [x for x in groups[f"replica{number}"].splitlines() if "server" in x]
        first = [x for x in alone if "backup" not in x]
        assert len(alone) == 3
        assert [f"server 10.89.0.1{number}:8501 " in x for x in first] == [True]
    answered = re.search(r"map \$upstream_addr .*?\{(.*?)\n\}", said, re.DOTALL)[1]
    found = {int(n): re.compile(x) for x, n in re.findall(r'"~(.*)" (\d);', answered)}
    asked = "10.89.0.11:8501, 10.89.0.12:8501"
    assert [n for n, pattern in found.items() if pattern.search(asked)] == [2]


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_accepts_the_configuration(tmp_path):
    written(tmp_path, "127.0.0.1:8501 127.0.0.1:8502")
    where = str(tmp_path / "proxy")
    command = [NGINX, "-t", "-p", where, "-c", f"{where}/nginx.conf", "-e", "stderr"]
    tried = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert "test is successful" in tried.stderr, tried.stderr


@pytest.mark.parametrize(
    ("trusted", "seen"), [("127.0.0.1", "203.0.113.7"), ("10.89.0.10", "None")]
)
def test_a_replica_believes_its_proxy_alone_whose_request_it_is(
    tmp_path, monkeypatch, trusted, seen
):
    script = tmp_path / "who.py"
    script.write_text("import streamlit as st\nst.markdown(str(st.context.ip_address))\n")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    with serving(tmp_path, script=script) as address:
        visitor = Visitor(address, **{"X-Forwarded-For": "203.0.113.7"})
        visit_at_once([visitor])
    assert [element.body for element in visitor.shown("markdown")] == [seen]


def test_the_limit_of_memory_holds_what_may_grow():
    total = int(re.search(r"= (\d+) MB; the limit", deploy.memory())[1])
    assert total < 1024 * deploy._limit("mem_limit")
