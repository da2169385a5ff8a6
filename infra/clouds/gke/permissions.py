"""What discovery asks Google, the IAM permission each call needs, and what is lost without it.

Sources: the REST references of Cloud Resource Manager v3 and Kubernetes Engine v1, and the predefined roles' pages.
"""

from __future__ import annotations

from infra.clouds.permission import Permission

LIST_CLUSTERS = Permission(
    call="GET /v1/projects/*/locations/*/clusters",
    permission="container.clusters.list",
    role="roles/container.clusterViewer",
    required=True,
    without="no cluster of the project is found",
)
GET_CLUSTER = Permission(
    call="GET /v1/projects/*/locations/*/clusters/*",
    permission="container.clusters.get",
    role="roles/container.clusterViewer",
    required=False,
    without="scheduled scans cannot read a cluster, for each looks up the way in to its own; an audit can",
)
SEARCH_PROJECTS = Permission(
    call="GET /v3/projects:search",
    permission="resourcemanager.projects.get",
    role="roles/browser",
    required=False,
    without="projects have to be named: those without it are not found by searching",
)
GET_PROJECT = Permission(
    call="GET /v3/projects/*",
    permission="resourcemanager.projects.get",
    role="roles/browser",
    required=False,
    without="a project given by its number keeps the number as its name, and a disabled API is reported as denied",
)
LIST_PROJECTS = Permission(
    call="GET /v3/projects",
    permission="resourcemanager.projects.list",
    role="roles/browser",
    required=False,
    without="the projects of the organization or folder are not found",
)
LIST_FOLDERS = Permission(
    call="GET /v3/folders",
    permission="resourcemanager.folders.list",
    role="roles/browser",
    required=False,
    without="the folders below the organization or folder are not found, nor what they hold",
)
CONNECT = Permission(
    call="GET https://DNS-ENDPOINT/*",
    permission="container.clusters.connect",
    role="roles/container.clusterViewer",
    required=False,
    without="clusters cannot be read through their DNS endpoint, only through an address that can be reached from here",
)
USE_QUOTA = Permission(
    call="header x-goog-user-project",
    permission="serviceusage.services.use",
    role="roles/serviceusage.serviceUsageConsumer",
    required=False,
    without="no quota project can be used: every call is refused where one is named",
)

PERMISSIONS = (
    LIST_CLUSTERS,
    GET_CLUSTER,
    SEARCH_PROJECTS,
    GET_PROJECT,
    LIST_PROJECTS,
    LIST_FOLDERS,
    CONNECT,
    USE_QUOTA,
)
