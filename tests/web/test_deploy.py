"""What `deploy/` ships: it names only metrics that are served, and parses as what it claims to be."""

import configparser
import json
import re
from pathlib import Path

import httpx
import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = Path(__file__).parent / "schemas"
_METRIC = re.compile(r"\bwpsync_[a-z_]+")


def test_the_dashboard_and_the_rules_name_only_metrics_that_are_served(site):
    site.metrics.on_request("main", "/api/device/call", "ok", 0.1)
    text = httpx.get(f"{site.url}/metrics").text
    served = set(_METRIC.findall(text))
    state = set(re.findall(r"# TYPE (wpsync_[a-z_]+) gauge", text))
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yaml").read_text(encoding="utf-8"))
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for expression in asked for name in _METRIC.findall(expression)}
    served |= {"wpsync_request_seconds_bucket", "wpsync_job_seconds_bucket"}
    assert len(named) >= 12
    # Every instance tells the same state of the database: that is never added up.
    for expression in asked:
        summed = set(re.findall(r"sum (?:by \([a-z, ]+\) )?\((wpsync_[a-z_]+)", expression))
        assert not summed & state, expression
    assert named <= served | {"wpsync_rows_written_total"}


def read_unit():
    """Return the section [Service] of the unit."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string((DEPLOY / "wpsync.service").read_text(encoding="utf-8"))
    return unit["Service"]


def read_manifest():
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def read_compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_the_unit_and_the_manifest_start_the_service():
    unit = read_unit()
    assert unit["ExecStart"].endswith(" run")
    assert int(unit["TimeoutStopSec"]) > 10
    deployment, service, _ = read_manifest()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["run"]
    assert deployment["spec"]["template"]["spec"]["enableServiceLinks"] is False
    assert container["startupProbe"]["httpGet"]["path"] == "/livez"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    secrets = {v["value"] for v in container["env"] if v["name"].endswith("_FILE")}
    assert all(one.startswith(container["volumeMounts"][0]["mountPath"] + "/") for one in secrets)
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]


COMPOSE = jsonschema.Draft201909Validator(json.loads((SCHEMAS / "compose.json").read_text()))
KINDS = {
    "Deployment": "io.k8s.api.apps.v1.Deployment",
    "Service": "io.k8s.api.core.v1.Service",
    "NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
}


def of_kind(kind):
    schema = json.loads((SCHEMAS / "kubernetes-1.34.json").read_text())
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{KINDS[kind]}"})


def test_the_compose_file_and_the_manifest_pass_their_schemas():
    assert [error.message for error in COMPOSE.iter_errors(read_compose())] == []
    for document in read_manifest():
        errors = of_kind(document["kind"]).iter_errors(document)
        assert [error.message for error in errors] == [], document["kind"]


def test_the_schemas_find_a_misspelt_key():
    compose = read_compose()
    compose["services"]["wpsync"]["read_onyl"] = True
    assert [error.message for error in COMPOSE.iter_errors(compose)]
    for document in read_manifest():
        spec = document["spec"]
        if document["kind"] == "Deployment":
            spec = spec["template"]["spec"]["containers"][0]["securityContext"]
        spec["readOnlyRotFilesystem"] = True
        assert list(of_kind(document["kind"]).iter_errors(document)), document["kind"]


@pytest.mark.parametrize("name", read_compose()["services"])
def test_every_service_of_the_compose_file_has_no_more_rights_than_it_needs(name):
    service = read_compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", ())) <= ({"CHOWN"} if name == "metabase-volume" else set())
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert int(service["pids_limit"]) <= 512
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all(
        mount.startswith(("./deploy/", *read_compose()["volumes"]))
        for mount in service.get("volumes", ())
    )
    assert all(
        mount.endswith(":ro") for mount in service.get("volumes", ()) if mount.startswith(".")
    )
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert (service.get("user") == "root") is (name == "metabase-volume")


def test_the_service_of_the_compose_file_may_write_where_it_keeps_its_files_and_nowhere_else():
    """Docker gives a new volume the owner and the mode of the folder in the image."""
    service = read_compose()["services"]["wpsync"]
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (home,) = re.findall(r"--create-home --home-dir (\S+) wpsync", image)
    assert f"WORKDIR {home}\n" in image
    assert [mount.partition(":")[2] for mount in service["volumes"]] == [home]
    assert service["tmpfs"] == ["/tmp"]


def test_the_database_of_the_compose_file_has_no_way_out_and_few_neighbours():
    compose = read_compose()
    services, networks = compose["services"], compose["networks"]
    assert all(networks[name]["internal"] for name in services["db"]["networks"])
    beside = {
        (name, network)
        for name, service in services.items()
        for network in service.get("networks", ())
        if network in services["db"]["networks"] and name != "db"
    }
    assert beside == {("wpsync", "data"), ("bi-role", "data"), ("metabase", "reading")}
    apart = [one for one in services.values() if "networks" not in one]
    assert apart
    assert all(one["network_mode"] == "none" for one in apart)


def test_each_secret_of_the_compose_file_goes_only_where_it_is_needed():
    services = read_compose()["services"]
    holders: dict[str, set[str]] = {}
    for name, service in services.items():
        for secret in service.get("secrets", ()):
            holders.setdefault(secret, set()).add(name)
    assert holders.pop("postgres_password") == {"db"}
    assert holders.pop("db_password") == {"db", "wpsync", "bi-role"}
    assert holders.pop("bi_password") == {"bi-role", "bi-connect"}
    assert holders.pop("metabase_admin") == {"bi-connect"}
    assert all(who <= {"wpsync"} for who in holders.values()), holders
    user = services["db"]["environment"]["POSTGRES_USER"]
    for name in ("wpsync", "bi-role"):
        assert f"//{user}@" not in services[name]["environment"]["WPSYNC_DATABASE__URL"]


def test_the_pods_of_the_manifest_have_no_more_rights_and_roads_than_they_need():
    deployment, _, policy = read_manifest()
    pod = deployment["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"].keys() == {"cpu", "memory", "ephemeral-storage"}
    assert not any("hostPath" in volume for volume in pod["volumes"])
    assert all("sizeLimit" in one["emptyDir"] for one in pod["volumes"] if "emptyDir" in one)
    assert all(one["secret"]["defaultMode"] == 0o440 for one in pod["volumes"] if "secret" in one)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["from"] and rule["ports"] for rule in policy["spec"]["ingress"])
    out = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert out == {53, 443, 5432}


def test_the_unit_leaves_no_core_dump_and_has_limits():
    unit = read_unit()
    assert unit["LimitCORE"] == "0"
    assert int(unit["LimitNOFILE"]) >= 4096
    assert re.fullmatch(r"\d+G", unit["MemoryMax"])
    assert (unit["MemorySwapMax"], int(unit["TasksMax"])) == ("0", 256)
    assert unit["CapabilityBoundingSet"] == ""
    assert unit["UMask"] == "0077"
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectHome",
        "RestrictNamespaces",
    ):
        assert unit[name] == "yes"
    assert unit["ProtectSystem"] == "strict"
    assert unit["User"] != "root"
