# The access entry of one cluster, and the manifests beside it.

mock_provider "aws" {
  mock_data "aws_eks_cluster" {
    defaults = { access_config = [{ authentication_mode = "API_AND_CONFIG_MAP", bootstrap_cluster_creator_admin_permissions = false }] }
  }
}

variables {
  cluster_name  = "shop"
  principal_arn = "arn:aws:iam::111122223333:role/ringfence-scan"
}

run "entry" {
  command = plan

  assert {
    condition     = aws_eks_access_entry.this.kubernetes_groups == toset(["ringfence"]) && aws_eks_access_entry.this.type == "STANDARD"
    error_message = "The group that the binding names, and no access policy."
  }
  assert {
    condition = [for each in split("\n---\n", output.manifests) : yamldecode(each)] == [
      yamldecode(file("../../access/cluster-role.yaml")), yamldecode(file("../../access/eks-binding.yaml")),
    ]
    error_message = "The manifests are those of terraform/access."
  }
}

run "no_entries" {
  command = plan
  override_data {
    target = data.aws_eks_cluster.this
    values = { access_config = [{ authentication_mode = "CONFIG_MAP", bootstrap_cluster_creator_admin_permissions = true }] }
  }
  expect_failures = [aws_eks_access_entry.this]
}

run "a_session" {
  command = plan
  variables {
    principal_arn = "arn:aws:sts::111122223333:assumed-role/ringfence-scan/ringfence"
  }
  expect_failures = [var.principal_arn]
}

run "a_cluster_by_arn" {
  command = plan
  variables {
    cluster_name = "arn:aws:eks:eu-west-1:111122223333:cluster/shop"
  }
  expect_failures = [var.cluster_name]
}
