# Lets one role read one EKS cluster: an access entry that puts it into a group, and the manifests that give the group its rights.

locals {
  access  = "${path.module}/../../access"
  role    = file("${local.access}/cluster-role.yaml")
  binding = file("${local.access}/eks-binding.yaml")
  groups  = [for each in yamldecode(local.binding).subjects : each.name if each.kind == "Group"]
}

data "aws_eks_cluster" "this" {
  name = var.cluster_name
}

# Type STANDARD and no access policy: EKS' own view policies leave out nodes and custom resources, or let Secrets be read.
resource "aws_eks_access_entry" "this" {
  cluster_name      = var.cluster_name
  principal_arn     = var.principal_arn
  kubernetes_groups = local.groups
  type              = "STANDARD"
  tags              = var.tags

  lifecycle {
    precondition {
      condition     = try(data.aws_eks_cluster.this.access_config[0].authentication_mode, "") != "CONFIG_MAP"
      error_message = "${var.cluster_name} knows no access entries: set its authentication mode to API_AND_CONFIG_MAP (which cannot be taken back), or map the role in aws-auth."
    }
  }
}
