"""What ``deploy/`` says is held against the program: every command, option, port, name, secret and file in it exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jinyun.centre.__main__ import grammar as centre_grammar
from jinyun.cli import parser
from jinyun.cloud.engine import sizing
from jinyun.run import Options
from jinyun.run.neighbours import SHORTEST, peers
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = [document for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
              for document in yaml.safe_load_all(path.read_text())]  # fmt: skip
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SECRET = yaml.safe_load((DEPLOY / "kubernetes" / "example" / "secret.yaml").read_text())
IMAGE = re.compile(r"jinyun(:.*)?$")
GIB = 1 << 30


def said(text: str) -> str:
    """Return a text of the compose file as it is where nobody sets a variable."""
    return re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}", lambda found: found[1] or "x", text)


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [document for document in KUBERNETES if document["kind"] == kind]


def pods() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (workload, its pods' description) of all workloads."""
    return [(one, one["spec"]["template"]) for one in of_kind("StatefulSet") + of_kind("Deployment")]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield (where, argv) of each command of ours in all files."""
    for name, service in COMPOSE["services"].items():
        if IMAGE.match(service["image"]):
            yield f"compose {name}", [said(word) for word in service["command"]]
    for workload, pod in pods():
        for its in containers(pod):
            if not IMAGE.match(its["image"]):
                continue
            where = f"{workload['metadata']['name']} {its['name']}"
            if its.get("command") == ["sh", "-c"]:
                for part in its["args"][0].split("||"):
                    program, *argv = shlex.split(part)
                    assert program == "jinyun", where
                    yield where, argv
            else:
                assert "command" not in its, where  # the image's own
                yield where, its["args"]
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        for program, *argv in units(path):
            if program == "/opt/jinyun/bin/jinyun":
                yield path.name, argv
    page = (ROOT / "docs" / "deploy.md").read_text()
    for line in re.findall(r"^podman compose \S+ \S+ (?:run --rm|exec) zone (?:jinyun )?(.*)$", page, re.MULTILINE):
        yield "docs/deploy.md", shlex.split(line, comments=True)


def units(path: Path) -> list[list[str]]:
    text = path.read_text().replace("%i", "8043").replace("%H", "host")
    return [
        shlex.split(re.sub(r"\$\{\w+\}", "x", line)) for line in re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    ]


@pytest.mark.parametrize(("where", "argv"), list(commands()))
def test_every_command_is_understood(where: str, argv: list[str]) -> None:
    args = parser().parse_args(argv)
    assert args.verb == argv[0]


def test_the_unit_of_a_further_centre_is_understood_by_the_centre() -> None:
    ((_, flag, module, *argv),) = units(DEPLOY / "systemd" / "jinyun-centre@.service")
    assert (flag, module) == ("-m", "jinyun.centre")
    args = centre_grammar().parse_args(argv)
    assert args.port == 8043 and args.private


def test_the_compose_file_is_one_by_its_published_schema() -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*argv, str(DEPLOY / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_of_ours_is_read_by_the_program_or_by_the_compose_file() -> None:
    known = set(re.findall(r"JINYUN_\w+", "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))))
    asked = set(re.findall(r"\$\{(JINYUN_\w+)", (DEPLOY / "compose.yaml").read_text()))
    asked |= {"JINYUN_ZONE", "JINYUN_NATS", "JINYUN_ZONE_STATE"}  # of the units themselves
    for path in [path for path in DEPLOY.rglob("*") if path.is_file()]:
        unknown = set(re.findall(r"JINYUN_\w+", path.read_text())) - known - asked
        assert not unknown, f"{path.name}: {unknown}"


def test_nodes_name_each_other_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JINYUN_CLUSTER_SECRET", "x" * SHORTEST)
    hosts = set(COMPOSE["services"])
    places = {f"{one['metadata']['name']}-{number}.{one['spec']['serviceName']}"
              for one, _ in pods() for number in range(one["spec"]["replicas"])}  # fmt: skip
    headless = {one["metadata"]["name"] for one in of_kind("Service") if one["spec"].get("clusterIP") == "None"}
    seen = 0
    for where, argv in commands():
        args = parser().parse_args(argv)
        if not getattr(args, "cluster", None):
            continue
        its = peers(args.cluster, args.peer, "zone")
        assert its is not None and len(its.others) >= 2, where
        port = args.cluster.rsplit(":", 1)[1]
        for other in its.others:
            host, at = other.rsplit(":", 1)
            assert at == port and host in (hosts if where.startswith("compose") else places), f"{where}: {other}"
            assert where.startswith("compose") or host.split(".", 1)[1] in headless, other
        seen += 1
    assert seen == 5  # the zone and two nodes there, the zone and one template here


def test_a_worker_stands_beside_a_node_and_speaks_to_its_loopback() -> None:
    services = COMPOSE["services"]
    workers = [name for name, service in services.items() if service.get("command", [""])[0] == "worker"]
    assert workers
    for name in workers:
        node = services[name]["network_mode"].removeprefix("service:")
        assert services[node]["command"][0] == "broker" and "networks" not in services[name]
        assert parser().parse_args([said(word) for word in services[name]["command"]]).nats == "nats://127.0.0.1:4222"
    together = [[its["args"][0] for its in pod["spec"]["containers"] if "args" in its] for _, pod in pods()]
    assert ["broker", "worker"] in together


def test_ports_are_those_the_program_listens_on() -> None:
    options = Options()
    containerfile = (DEPLOY / "Containerfile").read_text()
    exposed = set(map(int, re.search(r"^EXPOSE (.*)$", containerfile, re.MULTILINE)[1].split()))  # type: ignore[index]
    assert exposed == {options.port, options.mqtt_port, 6222}
    inside = {int(text.rsplit(":", 1)[1]) for text in COMPOSE["services"]["zone"]["ports"]}
    assert inside == {options.port, options.mqtt_port}
    for workload, pod in pods():
        ports = {port["name"]: port["containerPort"] for its in containers(pod) for port in its.get("ports", [])}
        if workload["metadata"]["name"] == "jinyun-zone":
            assert ports == {"page": options.port, "mqtts": options.mqtt_port, "routes": 6222}
        for its in containers(pod):
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = its.get(kind, {})
                asked = probe.get("httpGet", probe.get("tcpSocket", {}))
                assert not asked or asked["port"] in {port["name"] for port in its["ports"]}
                assert asked.get("path", "/healthz") == "/healthz"
        for service in of_kind("Service"):
            if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items():
                assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)


def test_selectors_select_what_they_mean() -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods()]
    for workload, pod in pods():
        assert workload["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert workload["spec"]["serviceName"] in {one["metadata"]["name"] for one in of_kind("Service")}
    for service in of_kind("Service"):
        assert sum(service["spec"]["selector"].items() <= one.items() for one in labels) == 1
    open_ports: set[tuple[str, str]] = set()
    for policy in of_kind("NetworkPolicy"):
        spec = policy["spec"]
        wanted = spec["podSelector"].get("matchLabels", {})
        meant = [pod for _, pod in pods() if wanted.items() <= pod["metadata"]["labels"].items()]
        assert meant and spec["policyTypes"] == ["Ingress"]
        for rule in spec.get("ingress", []):
            for source in rule.get("from", []):
                chosen = source.get("podSelector", {}).get("matchLabels", {})
                assert any(chosen.items() <= one.items() for one in labels)
            for port in rule["ports"]:
                names = [{p["name"] for its in containers(pod) for p in its.get("ports", [])} for pod in meant]
                assert all(port["port"] in known for known in names)
                open_ports |= {(pod["metadata"]["labels"]["app.kubernetes.io/name"], port["port"]) for pod in meant}
    assert open_ports == {
        ("jinyun", "mqtts"),
        ("jinyun", "page"),
        ("jinyun", "routes"),
        ("jinyun-registry", "postgres"),
    }


def test_every_pod_is_nobody_in_particular_and_writes_to_its_volumes_alone() -> None:
    for workload, pod in pods():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        volumes = {one["name"] for one in spec["volumes"]}
        volumes |= {one["metadata"]["name"] for one in workload["spec"]["volumeClaimTemplates"]}
        for its in containers(pod):
            context = its["securityContext"]
            assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert {mount["name"] for mount in its["volumeMounts"]} <= volumes
            assert "/tmp" in {mount["mountPath"] for mount in its["volumeMounts"]}
            assert its["resources"]["requests"].keys() == {"cpu", "memory"} and its["resources"]["limits"]["memory"]
    for name, service in COMPOSE["services"].items():
        if IMAGE.match(service["image"]):
            assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["tmpfs"] == ["/tmp"], name
    text = (DEPLOY / "Containerfile").read_text()
    user = re.search(r"^USER (\d+):", text, re.MULTILINE)
    zone = next(pod for one, pod in pods() if one["metadata"]["name"] == "jinyun-zone")
    assert user is not None and int(user[1]) == zone["spec"]["securityContext"]["runAsUser"]
    state = re.search(r"JINYUN_STATE=(\S+)", text)
    assert state is not None and state[1] in {m["mountPath"] for m in zone["spec"]["containers"][0]["volumeMounts"]}


def test_what_is_compiled_is_kept_where_the_program_may_write() -> None:
    for path in [DEPLOY / "Containerfile", *(DEPLOY / "systemd").glob("*.service")]:
        text = path.read_text()
        for name in ("JINYUN_STATE", "JINYUN_CACHE", "NUMBA_CACHE_DIR"):
            assert re.search(rf"\b{name}=/var/lib/jinyun(/|\s)", text), f"{path.name}: {name}"
        if path.suffix == ".service":
            assert "ProtectSystem=strict" in text and "StateDirectory=jinyun" in text


@pytest.mark.parametrize("path", sorted((DEPLOY / "kubernetes").rglob("*.yaml")), ids=lambda path: path.name)
def test_manifests_are_such_by_their_published_schema(path: Path) -> None:
    validator = pytest.importorskip(
        "kubernetes_validate", reason="large: pip install kubernetes-validate, and run again"
    )
    for document in yaml.safe_load_all(path.read_text()):
        validator.validate(document, "1.37", strict=True)


def test_secrets_are_those_of_the_example_which_holds_none() -> None:
    assert set(SECRET["stringData"].values()) == {""}
    asked: set[str] = set()
    for _, pod in pods():
        for volume in pod["spec"]["volumes"]:
            if "secret" in volume:
                assert volume["secret"]["secretName"] == SECRET["metadata"]["name"]
                asked |= {item["key"] for item in volume["secret"]["items"]}
        for its in containers(pod):
            references = [one["valueFrom"]["secretKeyRef"] for one in its.get("env", []) if "valueFrom" in one]
            assert all(one["name"] == SECRET["metadata"]["name"] for one in references)
            asked |= {one["key"] for one in references}
    assert asked == set(SECRET["stringData"])
    for path in [path for path in DEPLOY.rglob("*") if path.is_file()]:
        assert not re.search(r"://[^/\s:@]+:[^@\s]+@", path.read_text()), f"{path.name} holds a password"


def test_registries_are_named_as_the_program_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jinyun.centre.registry.location import VARIABLE, Server, location

    zone = next(pod for one, pod in pods() if one["metadata"]["name"] == "jinyun-zone")["spec"]["containers"][0]
    env = {one["name"]: one.get("value") for one in zone["env"]}
    mounts = {mount["mountPath"] for mount in zone["volumeMounts"]}
    hosts = {one["metadata"]["name"] for one in of_kind("Service")}
    for text, known in (
        (env[VARIABLE], hosts),
        (COMPOSE["services"]["zone"]["environment"][VARIABLE], set(COMPOSE["services"])),
    ):
        file = re.search(r"password_file=([^&]*)", text)
        assert file is not None
        assert os.path.dirname(file[1]) in mounts or file[1] == "/run/secrets/registry"  # noqa: PTH120
        (tmp_path / "word").write_text("word")
        monkeypatch.setenv(VARIABLE, text.replace(file[1], str(tmp_path / "word")))
        found = location(tmp_path)
        assert isinstance(found, Server) and found.url.host in known and found.url.password == "word"


def test_requests_hold_what_the_model_says_a_zone_takes() -> None:
    its = sizing.size(2000)
    assert its.zones == 1
    zone = next(pod for one, pod in pods() if one["metadata"]["name"] == "jinyun-zone")["spec"]["containers"][0]
    assert float(zone["resources"]["requests"]["cpu"]) >= its.cores
    assert int(zone["resources"]["requests"]["memory"].removesuffix("Mi")) * (1 << 20) >= its.memory_gb * 1e9


def test_the_image_is_built_of_files_that_are_here() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)]
    names = {name for words in copied for name in words}
    assert names and all((ROOT / name).exists() for name in names)
    needed = re.findall(r'^"(\w+)" = "jinyun/', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(needed) <= names and "build_pages.py" in names
    assert "--require-hashes -r requirements.lock" in text and "pg8000==" in (ROOT / "requirements.lock").read_text()
