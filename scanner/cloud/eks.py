"""Reading an EKS record: `describe_cluster`, add-ons, node groups, Fargate profiles, launch templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from scanner.cloud.eks_vpc import public_subnets, surroundings
from scanner.cloud.facts import CloudFacts, Endpoint, EngineSettings, FargateSelector, Pool
from scanner.cloud.part import Part
from scanner.model import Cloud, CloudRecord

_ADDON_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)(?:-eksbuild\.\d+)?\Z")
METADATA_OFF = "DISABLED"  # Pool.metadata_mode where the launch template switches the metadata endpoint off


def read(record: CloudRecord, cluster: Part, notices: list[str]) -> CloudFacts:
    """Read an EKS record. A list that is empty is None in the facts: nothing says that it was asked for."""
    network = cluster.part("kubernetesNetworkConfig")
    groups = list(_members(record.nodegroups, "nodegroup", "nodegroups", []))
    remote = cluster.part("remoteNetworkConfig").items("remotePodNetworks") or ()
    return CloudFacts(
        provider=Cloud.AWS,
        kubernetes_version=cluster.text("version") or "",
        endpoint=_endpoint(cluster.part("resourcesVpcConfig")),
        engine=_engine(cluster, list(_members(record.addons, "addon", "addons", notices))),
        pools=_pools(record, notices),
        fargate=_fargate(record, notices),
        pod_ranges=cluster.ranges(text for part in remote for text in part.texts("cidrs") or ()),
        service_ranges=network.ranges((network.text("serviceIpv4Cidr"), network.text("serviceIpv6Cidr"))),
        workload_identity=None,
        metadata_restricted=None,
        around=surroundings(record, cluster, groups, notices),
        notices=tuple(notices),
    )


def _members(raws: Iterable[msgspec.Raw], wrapper: str, place: str, notices: list[str]) -> Iterator[Part]:
    """Each raw answer, with or without the key the SDK wraps it in."""
    for index, raw in enumerate(raws):
        answer = Part.decode(raw, f"{place}[{index}]", notices)
        if not answer:
            answer.note("is not an object")
        yield answer.part(wrapper) if answer.has(wrapper) else answer


def _endpoint(vpc: Part) -> Endpoint:
    public, ranges = vpc.flag("endpointPublicAccess"), vpc.ranges_in("publicAccessCidrs")
    return Endpoint(
        public=public if ranges is not None or public is False else None,
        private=vpc.flag("endpointPrivateAccess"),
        allowed=ranges if public is not False and ranges else None,
        where=f"{vpc.path}.endpointPublicAccess, {vpc.path}.publicAccessCidrs",
    )


def _engine(cluster: Part, addons: list[Part]) -> EngineSettings:
    """The switches of the VPC CNI add-on, whose values are a string that holds JSON.

    A key that the values leave out has the chart's default, "false" (amazon-vpc-cni-k8s, charts/aws-vpc-cni). Values that
    cannot be read decide nothing. Auto Mode has no such switch in the cloud's API, only inside the cluster.
    """
    auto_mode = cluster.part("computeConfig").flag("enabled") is True
    addon = next((part for part in addons if part.text("addonName") == "vpc-cni"), None)
    if addon is None:
        return EngineSettings(
            managed="eks-auto-mode" if auto_mode else None,
            enabled=None,
            auto_mode=auto_mode,
            where=f"{cluster.path}.computeConfig.enabled" if auto_mode else "",
        )
    release = _ADDON_VERSION.match(addon.text("addonVersion") or "")
    values = _values(addon)
    agent = _below(values, "nodeAgent")
    env = _below(values, "env")
    mode = env.text("NETWORK_POLICY_ENFORCING_MODE") or "standard" if env is not None else ""
    return EngineSettings(
        managed="eks-vpc-cni",
        enabled=_switch(values, "enableNetworkPolicy"),
        version=release[1] if release else "",
        auto_mode=auto_mode,
        deny_events=_switch(agent, "enablePolicyEventLogs"),
        deny_export=_switch(agent, "enableCloudWatchLogs"),
        enforcing_mode=mode.strip().lower(),
        where=f"{addon.path}.configurationValues of add-on vpc-cni",
    )


def addon_values(record: CloudRecord, notices: list[str]) -> tuple[Part | None, bool]:
    """The values of the VPC CNI add-on (None: there are none, or they cannot be read), and whether there is such an add-on."""
    for part in _members(record.addons, "addon", "addons", notices):
        if part.text("addonName") == "vpc-cni":
            return _values(part), True
    return None, False


def _values(addon: Part) -> Part | None:
    """The add-on's values: an empty object where there are none (all defaults), None where they cannot be read."""
    if not addon.has("configurationValues"):
        return Part({}, f"{addon.path}.configurationValues", [])
    text = addon.text("configurationValues")
    if text is None:
        return None
    if not text.strip():
        return Part({}, f"{addon.path}.configurationValues", [])
    values = addon.below("configurationValues", text)
    if not values:
        addon.note("configurationValues is not JSON with an object in it: convert it from YAML, or check it by hand")
        return None
    return values


def _below(values: Part | None, key: str) -> Part | None:
    """A block of the values, without keys where it is left out; None where it cannot be read."""
    if values is None:
        return None
    block = values.part(key)
    return None if values.has(key) and not block else block


def _switch(values: Part | None, key: str) -> bool | None:
    """A switch of the chart, off where it is left out, None where its value (or all values) cannot be read."""
    if values is None:
        return None
    return values.flag(key) if values.has(key) else False


def _fargate(record: CloudRecord, notices: list[str]) -> tuple[FargateSelector, ...] | None:
    if not record.fargate_profiles:
        return None
    found = []
    for profile in _members(record.fargate_profiles, "fargateProfile", "fargateProfiles", notices):
        name = profile.text("fargateProfileName") or ""
        for selector in profile.items("selectors") or ():
            namespace = selector.text("namespace")
            if not namespace:
                selector.note("names no namespace and is left out")
                continue
            found.append(FargateSelector(profile=name, namespace=namespace, labels=selector.labels("labels")))
    return tuple(found)


def _pools(record: CloudRecord, notices: list[str]) -> tuple[Pool, ...] | None:
    if not record.nodegroups:
        return None
    templates = [
        version
        for answer in _members(record.launch_templates, "launchTemplate", "launchTemplates", notices)
        for version in (answer.items("LaunchTemplateVersions") if answer.has("LaunchTemplateVersions") else [answer])
        or ()
    ]
    groups = _members(record.nodegroups, "nodegroup", "nodegroups", notices)
    public = public_subnets(record)
    return tuple(_pool(group, templates, public) for group in groups)


def _public(group: Part, subnets: dict[str, bool]) -> bool | None:
    """Whether a group's nodes get public addresses, by its subnets; a launch template may say otherwise, and decides."""
    known = [subnets.get(name) for name in group.texts("subnets") or ()]
    if group.has("launchTemplate") or not known:
        return None
    return True if any(known) else False if False in known and None not in known else None


def _pool(group: Part, templates: list[Part], subnets: dict[str, bool]) -> Pool:
    """A node group with what its launch template says of the metadata service (EC2 `LaunchTemplateData.MetadataOptions`).

    A group without a template of its own gets one from EKS that the record does not hold, so nothing is known of it.
    """
    image = group.text("amiType") or ""
    template = _template(group.part("launchTemplate"), templates)
    options = template.part("LaunchTemplateData", "MetadataOptions") if template is not None else None
    tokens = options.text("HttpTokens") if options is not None else None
    off = options is not None and options.text("HttpEndpoint") == "disabled"
    return Pool(
        name=group.text("nodegroupName") or "",
        os=_os(image),
        image=image,
        hop_limit=options.number("HttpPutResponseHopLimit") if options is not None else None,
        tokens_required=None if tokens not in {"required", "optional"} else tokens == "required",
        metadata_mode=METADATA_OFF if off else None,
        labels=group.labels("labels"),
        public=_public(group, subnets),
        public_where="vpc.subnets MapPublicIpOnLaunch",
    )


def _os(image: str) -> str:
    if not image or image == "CUSTOM":
        return ""
    return "windows" if image.startswith("WINDOWS_") else "linux"


def _template(wanted: Part, templates: list[Part]) -> Part | None:
    """The launch template version a node group uses, by id or name; by number too where several versions are there."""
    identity, name, number = wanted.text("id"), wanted.text("name"), wanted.number("version")
    if not identity and not name:
        return None
    matching = [
        template
        for template in templates
        if (identity and template.text("LaunchTemplateId") == identity)
        or (not identity and template.text("LaunchTemplateName") == name)
    ]
    exact = [template for template in matching if number is None or template.number("VersionNumber") in {number, None}]
    if len(exact) == 1:
        return exact[0]
    wanted.note(f"is not in launchTemplates: nothing is known of the metadata options of {identity or name}")
    return None
