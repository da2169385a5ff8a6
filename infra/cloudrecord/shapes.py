"""Which fields of a cloud's answer a record keeps. Everything else is dropped: some answers carry keys and passwords.

Never among them: GKE `masterAuth`, AKS `servicePrincipalProfile`, `linuxProfile.ssh`, `windowsProfile` and kubeconfigs, EC2
user data, certificate authorities, tags.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


class Leaf(enum.Enum):
    """What may stand where no further fields are named."""

    VALUE = "a scalar or a list of scalars"
    LABELS = "a map of scalars"
    ADDON_VALUES = "the values of an EKS add-on: a string of JSON or YAML"


@dataclass(frozen=True, slots=True)
class Each:
    """A map with free keys, each of whose values has `shape`."""

    shape: Shape


# Field -> what it holds. Lists are transparent: a list of objects has the shape of its members.
Shape: TypeAlias = "Mapping[str, Shape] | Each | Leaf"


def fields(names: str, **nested: Shape) -> dict[str, Shape]:
    """A shape: `names` are plain values, separated by blanks."""
    return dict.fromkeys(names.split(), Leaf.VALUE) | nested


_TAINT = fields("key value effect")
_VERSION = fields(
    "LaunchTemplateId LaunchTemplateName VersionNumber DefaultVersion",
    LaunchTemplateData=fields(
        "ImageId",
        MetadataOptions=fields("HttpTokens HttpEndpoint HttpPutResponseHopLimit HttpProtocolIpv6 InstanceMetadataTags"),
    ),
)
_EKS = fields(
    "name arn id version platformVersion status endpoint",
    resourcesVpcConfig=fields(
        "vpcId subnetIds securityGroupIds clusterSecurityGroupId endpointPublicAccess endpointPrivateAccess publicAccessCidrs"
    ),
    kubernetesNetworkConfig=fields("serviceIpv4Cidr serviceIpv6Cidr ipFamily", elasticLoadBalancing=fields("enabled")),
    remoteNetworkConfig=fields("", remoteNodeNetworks=fields("cidrs"), remotePodNetworks=fields("cidrs")),
    computeConfig=fields("enabled nodePools"),
    accessConfig=fields("authenticationMode"),
    connectorConfig=fields("provider"),
    logging=fields("", clusterLogging=fields("types enabled")),
)
_AUTHORIZED = fields(
    "enabled gcpPublicCidrsAccessEnabled privateEndpointEnforcementEnabled",
    cidrBlocks=fields("cidrBlock displayName"),
)
_GKE_POOL = fields(
    "name version status locations initialNodeCount",
    networkConfig=fields("podRange podIpv4CidrBlock enablePrivateNodes subnetwork"),
    config=fields(
        "imageType machineType tags",
        labels=Leaf.LABELS,
        taints=_TAINT,
        workloadMetadataConfig=fields("mode"),
    ),
)
_GKE = fields(
    "name id location zone selfLink status endpoint network subnetwork currentMasterVersion currentNodeVersion "
    "clusterIpv4Cidr servicesIpv4Cidr loggingService monitoringService",
    autopilot=fields("enabled"),
    releaseChannel=fields("channel"),
    networkConfig=fields(
        "datapathProvider network subnetwork enableFqdnNetworkPolicy enableCiliumClusterwideNetworkPolicy "
        "enableIntraNodeVisibility enableMultiNetworking defaultEnablePrivateNodes inTransitEncryptionConfig "
        "disableL4LbFirewallReconciliation",
        dnsConfig=fields("clusterDns clusterDnsScope"),
        defaultSnatStatus=fields("disabled"),
        serviceExternalIpsConfig=fields("enabled"),
    ),
    networkPolicy=fields("enabled provider"),
    addonsConfig=fields(
        "",
        networkPolicyConfig=fields("disabled"),
        dnsCacheConfig=fields("enabled"),
        httpLoadBalancing=fields("disabled"),
    ),
    ipAllocationPolicy=fields(
        "useIpAliases stackType clusterIpv4CidrBlock servicesIpv4CidrBlock servicesIpv6CidrBlock "
        "clusterSecondaryRangeName servicesSecondaryRangeName",
        additionalPodRangesConfig=fields("podRangeNames"),
        additionalIpRangesConfigs=fields("subnetwork podIpv4RangeNames status"),
    ),
    privateClusterConfig=fields(
        "enablePrivateNodes enablePrivateEndpoint privateEndpoint publicEndpoint peeringName masterIpv4CidrBlock"
    ),
    masterAuthorizedNetworksConfig=_AUTHORIZED,
    controlPlaneEndpointsConfig=fields(
        "",
        dnsEndpointConfig=fields("endpoint allowExternalTraffic enableK8sTokensViaDns enableK8sCertsViaDns"),
        ipEndpointsConfig=fields(
            "enabled enablePublicEndpoint publicEndpoint privateEndpoint privateEndpointSubnetwork globalAccess",
            authorizedNetworksConfig=_AUTHORIZED,
        ),
    ),
    workloadIdentityConfig=fields("workloadPool"),
    loggingConfig=fields("", componentConfig=fields("enableComponents")),
    monitoringConfig=fields(
        "",
        componentConfig=fields("enableComponents"),
        advancedDatapathObservabilityConfig=fields("enableMetrics enableRelay relayMode"),
    ),
    nodePools=_GKE_POOL,
)
_AKS_PROPERTIES = fields(
    "kubernetesVersion currentKubernetesVersion provisioningState nodeResourceGroup fqdn privateFqdn publicNetworkAccess "
    "disableLocalAccounts",
    powerState=fields("code"),
    apiServerAccessProfile=fields(
        "authorizedIpRanges enablePrivateCluster enablePrivateClusterPublicFqdn privateDnsZone disableRunCommand "
        "enableVnetIntegration subnetId"
    ),
    networkProfile=fields(
        "networkPlugin networkPluginMode networkPolicy networkDataplane networkMode podCidr podCidrs serviceCidr serviceCidrs "
        "dnsServiceIp ipFamilies outboundType loadBalancerSku podLinkLocalAccess",
        advancedNetworking=fields(
            "enabled",
            observability=fields("enabled"),
            security=fields("enabled advancedNetworkPolicies", transitEncryption=fields("type")),
        ),
    ),
    addonProfiles=Each(fields("enabled")),
    aadProfile=fields("managed enableAzureRbac"),
    oidcIssuerProfile=fields("enabled"),
    securityProfile=fields("", workloadIdentity=fields("enabled")),
    azureMonitorProfile=fields("", containerInsights=fields("enabled containerNetworkLogs")),
    agentPoolProfiles=fields(
        "name mode type count osType osSku workloadRuntime vnetSubnetId podSubnetId enableNodePublicIp nodeTaints "
        "orchestratorVersion currentOrchestratorVersion",
        nodeLabels=Leaf.LABELS,
    ),
)
_AKS = fields("id name type location", sku=fields("name tier"), properties=_AKS_PROPERTIES) | _AKS_PROPERTIES

CLUSTERS: Mapping[str, Shape] = {"aws": _EKS, "gcp": _GKE, "azure": _AKS}
LISTS: Mapping[
    str, tuple[str, Shape]
] = {  # part of an EKS record -> the key the SDK wraps one answer in, and its shape
    "addons": (
        "addon",
        fields("addonName addonVersion clusterName status", configurationValues=Leaf.ADDON_VALUES),
    ),
    "nodegroups": (
        "nodegroup",
        fields(
            "nodegroupName clusterName amiType version releaseVersion status capacityType subnets",
            labels=Leaf.LABELS,
            taints=_TAINT,
            launchTemplate=fields("id name version"),
            scalingConfig=fields("desiredSize minSize maxSize"),
        ),
    ),
    "fargateProfiles": (
        "fargateProfile",
        fields(
            "fargateProfileName clusterName status subnets",
            selectors=fields("namespace", labels=Leaf.LABELS),
        ),
    ),
    "launchTemplates": ("launchTemplate", fields("", LaunchTemplateVersions=_VERSION) | _VERSION),
}
_RULE = fields(
    "IpProtocol FromPort ToPort",
    IpRanges=fields("CidrIp"),
    Ipv6Ranges=fields("CidrIpv6"),
    PrefixListIds=fields("PrefixListId"),
    UserIdGroupPairs=fields("GroupId"),
)
VPC: Shape = fields(
    "id cidrs",
    securityGroups=fields("GroupId", IpPermissions=_RULE),  # EC2's own spelling, here and below
    flowLogs=fields("FlowLogId ResourceId TrafficType FlowLogStatus DeliverLogsStatus LogDestinationType"),
    subnets=fields("SubnetId MapPublicIpOnLaunch"),
    peerings=fields("id name kind to state account location network vpcId cidrs remoteCidrs cluster clusters"),
)
