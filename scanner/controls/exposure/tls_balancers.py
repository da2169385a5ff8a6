"""What a LoadBalancer Service makes of HTTP and TLS, where the balancer itself speaks either."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.exposure.certificates import Found, doubtful, passed
from scanner.controls.exposure.tls_policies import of_policy
from scanner.facing import listed
from scanner.findings import Status
from scanner.model import Cloud, Service, ServicePort

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_PLAIN = frozenset({80, 8000, 8080})  # where HTTP is served by custom


def of_service(service: Service, cloud: Cloud) -> Iterator[Found]:
    """The balancer's listeners. One that only forwards TCP leaves HTTP to the pods: what they answer, only a probe shows."""
    certificate = service.annotations.get(f"{_AWS}ssl-cert", "") if cloud is Cloud.AWS else ""
    protocol = service.annotations.get(f"{_AWS}backend-protocol", "").strip().lower()
    ports = [port for port in service.ports if port.protocol == "TCP"]
    encrypted = [port for port in ports if certificate and _is_encrypted(service, port)]
    rest = [port for port in ports if port not in encrypted]
    speaks_http = cloud is Cloud.AWS and protocol in {"http", "https"}
    fix = (
        f"kubectl annotate service -n {shlex.quote(service.namespace)} {shlex.quote(service.name)} --overwrite "
        f"{_AWS}ssl-cert=<certificate ARN> {_AWS}ssl-ports='*' "
        f"{_AWS}ssl-negotiation-policy=ELBSecurityPolicy-TLS13-1-2-2021-06, and remove port 80."
    )
    for port in rest:
        if speaks_http:
            line = f"port {port.port}: the balancer speaks HTTP without TLS ({_AWS}backend-protocol: {protocol})"
            yield Found(Status.FAIL, "plain-http", line, fix)
        elif _is_http(port):
            line = (
                f"port {port.port} {port.name}".strip() + ": whether the pods send plain HTTP on to HTTPS is not known"
            )
            yield doubtful("redirect-unread", line)
    if encrypted:
        yield passed(f"TLS on port {', '.join(str(port.port) for port in encrypted)} ({_AWS}ssl-cert)")
        policy = service.annotations.get(f"{_AWS}ssl-negotiation-policy", "")
        yield of_policy(policy, f"annotation {_AWS}ssl-negotiation-policy", fix)
        yield doubtful("certificate-unread", f"when certificate {certificate} ends is not read")


def _is_encrypted(service: Service, port: ServicePort) -> bool:
    """Whether a port is among those with TLS; without a list all are."""
    wanted = listed(service.annotations, f"{_AWS}ssl-ports")
    return not wanted or bool({"*", str(port.port), port.name} & set(wanted))


def _is_http(port: ServicePort) -> bool:
    name = port.name.lower()
    return port.port in _PLAIN or name == "http" or name.startswith("http-")
