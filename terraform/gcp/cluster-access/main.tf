# Lets the scan's service account read one GKE cluster, with the ClusterRole and the binding that kubectl would apply:
# terraform/access/cluster-role.yaml and gke-binding.yaml. Give it a `kubernetes` provider of that cluster.

locals {
  role    = yamldecode(file("${path.module}/../../access/cluster-role.yaml"))
  binding = yamldecode(file("${path.module}/../../access/gke-binding.yaml"))
}

resource "kubernetes_cluster_role_v1" "reader" {
  metadata {
    name = local.role.metadata.name
  }

  dynamic "rule" {
    for_each = local.role.rules
    content {
      api_groups        = try(rule.value.apiGroups, null)
      resources         = try(rule.value.resources, null)
      resource_names    = try(rule.value.resourceNames, null)
      non_resource_urls = try(rule.value.nonResourceURLs, null)
      verbs             = rule.value.verbs
    }
  }
}

resource "kubernetes_cluster_role_binding_v1" "reader" {
  metadata {
    name = local.binding.metadata.name
  }

  role_ref {
    api_group = local.binding.roleRef.apiGroup
    kind      = local.binding.roleRef.kind
    name      = kubernetes_cluster_role_v1.reader.metadata[0].name
  }

  subject {
    api_group = local.binding.subjects[0].apiGroup
    kind      = local.binding.subjects[0].kind
    name      = var.service_account
  }
}
