# The binding binds who was named, to the role in the manifest; nobody else, and nothing that is no account.

mock_provider "kubernetes" {}

run "binds_the_account" {
  command = plan

  variables {
    service_account = "ringfence-scan@audit-1.iam.gserviceaccount.com"
  }

  assert {
    condition     = kubernetes_cluster_role_binding_v1.reader.subject[0].name == var.service_account && length(kubernetes_cluster_role_binding_v1.reader.subject) == 1
    error_message = "somebody else is bound"
  }
  assert {
    condition     = length(kubernetes_cluster_role_v1.reader.rule) == length(yamldecode(file("../../access/cluster-role.yaml")).rules)
    error_message = "the role is not the manifest's"
  }
  assert {
    condition     = !anytrue([for rule in kubernetes_cluster_role_v1.reader.rule : contains(coalesce(rule.resources, []), "secrets") || contains(rule.verbs, "*")])
    error_message = "the role reads secrets"
  }
}

run "refuses_what_is_no_account" {
  command = plan

  variables {
    service_account = "system:masters"
  }

  expect_failures = [var.service_account]
}
