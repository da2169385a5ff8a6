"""What asks for an identity before a backend: the annotations and objects of each sort of entry point.

AWS Load Balancer Controller, "Ingress annotations" (authentication is an action of HTTPS listeners; a Service's annotations
count before the Ingress's); ingress-nginx, "Annotations" (external, client-certificate and basic authentication); Google,
"Enabling IAP for GKE" (BackendConfig, GCPBackendPolicy); Traefik, "Kubernetes Ingress" (middlewares); Istio,
"RequestAuthentication" and "External Authorization".
"""

from __future__ import annotations

from scanner.controls.base import Case
from scanner.controls.mesh.iap import Check, behind_gateway, behind_ingress
from scanner.controls.mesh.ways import Way, Ways
from scanner.dataplane.model import Answer
from scanner.mesh.authorisation import Authorisation, Authorisations
from scanner.mesh.enrolment import ISTIO, Enrolment
from scanner.mesh.specs import ISTIO_SECURITY, Spec, objects
from scanner.model import Cloud, EntryPoint, Pod, Service
from scanner.objects import decoded

_ALB, _NGINX = "alb.ingress.kubernetes.io/", "nginx.ingress.kubernetes.io/"
_CONTROLLERS = {
    "ingress.k8s.aws/alb": "alb",
    "eks.amazonaws.com/alb": "alb",
    "k8s.io/ingress-nginx": "nginx",
    "azure/application-gateway": "application-gateway",
    "traefik.io/ingress-controller": "traefik",
}
_CLASSES = {
    "alb": "alb",
    "nginx": "nginx",
    "webapprouting.kubernetes.azure.com": "nginx",
    "azure-application-gateway": "application-gateway",
    "azure/application-gateway": "application-gateway",
    "traefik": "traefik",
    "gce": "gce",
    "gce-internal": "gce",
}


class _IngressClass(Spec, frozen=True):
    controller: str | None = None


class Identity:
    """The identity checks of one cluster's entry points."""

    def __init__(self, case: Case, ways: Ways) -> None:
        self._case, self._ways = case, ways
        self._authorisations = Authorisations(case.snapshot)
        self._enrolment = Enrolment(case.snapshot)
        self._classes = {
            item.name: (spec.controller or "") if (spec := decoded(item, _IngressClass)) else ""
            for item in objects(case.snapshot, "IngressClass", "networking.k8s.io")
        }

    def of(self, way: Way) -> Check:
        """What a way in asks for before the backend."""
        if not way.services:
            return Check(Answer.UNKNOWN, "backend-unread", "the Services behind it were not found")
        proxies = [self._ways.proxy(service) for service in way.services]
        if all(proxies):
            return Check(Answer.YES, "identity-proxy", f"every backend is an identity-aware proxy ({proxies[0]})")
        meshed = [self._in_mesh(service) for service in way.services]
        if all(each.answer is Answer.YES for each in meshed):
            return meshed[0]
        at_entry = self._at_entry(way)
        doubtful = next((each for each in meshed if each.answer is Answer.UNKNOWN), None)
        return doubtful if doubtful and at_entry.answer is Answer.NO else at_entry

    def _at_entry(self, way: Way) -> Check:
        entry = way.entry
        if entry is None:
            return Check(
                Answer.NO, "no-proxy", "a balancer of a Service passes connections on and asks for no identity"
            )
        if entry.kind == "Ingress":
            return self._ingress(entry, way.services)
        if entry.kind.endswith("Route") and self._is_gke_route(entry):
            return self._worst([behind_gateway(self._case, service) for service in way.services])
        said = f"what the controller of this {entry.kind} asks for is in objects that are not read"
        return Check(Answer.UNKNOWN, "auth-undetermined", said)

    def _ingress(self, entry: EntryPoint, services: tuple[Service, ...]) -> Check:
        named = self._classes.get(entry.class_name, "")
        sort = _CONTROLLERS.get(named) or _CLASSES.get(entry.class_name, "")
        if not entry.class_name and self._case.cloud is Cloud.GCP:
            sort = "gce"
        match sort:
            case "alb":
                return self._worst([_alb(entry, service) for service in services])
            case "nginx":
                return _nginx(entry)
            case "gce":
                return self._worst([behind_ingress(self._case, service) for service in services])
            case "traefik":
                return _traefik(entry)
            case "application-gateway":
                return Check(Answer.NO, "no-identity", "Application Gateway for Ingress asks nobody who they are")
            case _:
                said = f"its class {entry.class_name[:80] or '(none)'} is of a controller that is not known"
                return Check(Answer.UNKNOWN, "auth-undetermined", said)

    def _worst(self, checks: list[Check]) -> Check:
        order = (Answer.NO, Answer.UNKNOWN, Answer.YES)
        return min(checks, key=lambda check: order.index(check.answer))

    def _is_gke_route(self, entry: EntryPoint) -> bool:
        gateways = {(item.namespace, item.name): item for item in self._case.snapshot.gateways}
        parents = [gateways.get((parent.namespace, parent.name)) for parent in entry.parents]
        return bool(parents) and all(item is not None and item.class_name.startswith("gke-l7-") for item in parents)

    def _in_mesh(self, service: Service) -> Check:
        """Whether Istio asks for a user's token, or an external authoriser, at every pod behind a Service."""
        nothing = Check(Answer.NO, "no-identity", "")
        pods = self._ways.pods(service)
        if not pods or any(self._enrolment.of(pod).mesh not in ISTIO for pod in pods):
            return nothing
        kinds = ("authorizationpolicies.security.istio.io", "requestauthentications.security.istio.io")
        if gaps := self._case.missing(*kinds):
            return Check(Answer.UNKNOWN, "auth-undetermined", gaps[0])
        distinct = {tuple(sorted(pod.labels.items())): pod for pod in pods}.values()
        return self._worst([self._at_pod(pod) for pod in distinct])

    def _at_pod(self, pod: Pod) -> Check:
        policies = self._authorisations.of(pod)
        for each in policies:
            if each.action == "CUSTOM" and each.everything:
                said = f"AuthorizationPolicy {each.item.namespace}/{each.item.name} asks an external authoriser"
                return Check(Answer.YES, "external-authoriser", said)
        asking: Authorisation | None = next((each for each in policies if each.refuses_tokenless), None)
        allows = [each for each in policies if each.action == "ALLOW"]
        if asking is None and allows and all(each.asks_for_token for each in allows):
            asking = allows[0]
        if asking is None or not any(
            True for _ in objects(self._case.snapshot, "RequestAuthentication", ISTIO_SECURITY)
        ):
            return Check(Answer.NO, "no-identity", "")
        said = f"AuthorizationPolicy {asking.item.namespace}/{asking.item.name} asks for a verified token"
        return Check(Answer.YES, "verified-token", said)


def _alb(entry: EntryPoint, service: Service) -> Check:
    """ALB: a Service's annotations count before the Ingress's, and only HTTPS listeners authenticate."""
    where = f"Ingress {entry.namespace}/{entry.name}"

    def said(name: str) -> str:
        return (service.annotations.get(_ALB + name) or entry.annotations.get(_ALB + name, "")).strip().lower()

    sort = said("auth-type")
    if sort not in {"oidc", "cognito"}:
        return Check(
            Answer.NO, "no-identity", f"{where}: alb.ingress.kubernetes.io/auth-type is {sort[:40] or 'not set'}"
        )
    if said("auth-on-unauthenticated-request") == "allow":
        return Check(Answer.NO, "no-identity", f"{where}: auth-on-unauthenticated-request is allow")
    listeners = entry.annotations.get(f"{_ALB}listen-ports", "")
    plain = '"http"' in listeners.lower() if listeners else not entry.annotations.get(f"{_ALB}certificate-arn")
    if plain and not entry.annotations.get(f"{_ALB}ssl-redirect"):
        return Check(Answer.NO, "plain-listener", f"{where}: its HTTP listener authenticates nobody")
    return Check(Answer.YES, sort, f"{where}: alb.ingress.kubernetes.io/auth-type is {sort}")


def _traefik(entry: EntryPoint) -> Check:
    if entry.annotations.get("traefik.ingress.kubernetes.io/router.middlewares", "").strip():
        return Check(Answer.UNKNOWN, "auth-undetermined", "its middlewares are not read")
    return Check(Answer.NO, "no-identity", "it has no middleware that could ask for an identity")


def _nginx(entry: EntryPoint) -> Check:
    where = f"Ingress {entry.namespace}/{entry.name}"
    notes = entry.annotations
    if notes.get(f"{_NGINX}auth-url"):
        return Check(Answer.YES, "external-auth", f"{where}: auth-url is set")
    if notes.get(f"{_NGINX}auth-tls-secret") and notes.get(f"{_NGINX}auth-tls-verify-client", "on") == "on":
        return Check(Answer.YES, "client-certificate", f"{where}: auth-tls-verify-client is on")
    if notes.get(f"{_NGINX}auth-type", "") in {"basic", "digest"}:
        return Check(Answer.YES, "password", f"{where}: auth-type is {notes[f'{_NGINX}auth-type']}")
    return Check(
        Answer.NO, "no-identity", f"{where}: neither auth-url, auth-type nor auth-tls-secret asks for an identity"
    )
