"""What `deploy/` ships: it names only metrics that are served, and parses as what it claims to be."""

import configparser
import json
import re
from pathlib import Path

import httpx
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
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


def test_the_unit_and_the_manifest_start_the_service():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string((DEPLOY / "wpsync.service").read_text(encoding="utf-8"))
    assert unit["Service"]["ExecStart"].endswith(" run")
    assert int(unit["Service"]["TimeoutStopSec"]) > 10
    deployment, service = yaml.safe_load_all(
        (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    )
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
