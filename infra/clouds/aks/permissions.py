"""What discovery asks Azure, the role action each call needs, and what is lost without it.

Sources: the REST references of Azure Resource Manager, management groups and AKS, and the resource provider operations' page.
Never among them: `listClusterAdminCredential/action` and `runcommand/action`, which give a cluster's administrator.
"""

from __future__ import annotations

from infra.clouds.permission import Permission

LIST_CLUSTERS = Permission(
    call="GET /subscriptions/*/providers/Microsoft.ContainerService/managedClusters",
    permission="Microsoft.ContainerService/managedClusters/read",
    role="Reader",
    required=True,
    without="no cluster of the subscription is found",
)
LIST_SUBSCRIPTIONS = Permission(
    call="GET /subscriptions",
    permission="Microsoft.Resources/subscriptions/read",
    role="Reader",
    required=False,
    without="subscriptions have to be named, and a disabled one is not known as such",
)
LIST_DESCENDANTS = Permission(
    call="GET /providers/Microsoft.Management/managementGroups/*/descendants",
    permission="Microsoft.Management/managementGroups/descendants/read",
    role="Reader",
    required=False,
    without="the subscriptions below a management group are not found",
)
USER_CREDENTIAL = Permission(
    call="POST /subscriptions/*/resourceGroups/*/providers/Microsoft.ContainerService/managedClusters/*"
    "/listClusterUserCredential",
    permission="Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    role="Azure Kubernetes Service Cluster User Role",
    required=False,
    without="clusters are described, but none can be read: their certificate authority is nowhere else",
)

PERMISSIONS = (LIST_CLUSTERS, LIST_SUBSCRIPTIONS, LIST_DESCENDANTS, USER_CREDENTIAL)
