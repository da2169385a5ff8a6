# The binding binds who was named, to the role in the manifest; nobody else, and nothing that is no object id.

mock_provider "kubernetes" {}

run "binds_the_identity" {
  command = plan

  variables {
    object_id = "00000000-0000-0000-0000-00000000000a"
  }

  assert {
    condition     = kubernetes_cluster_role_binding_v1.reader.subject[0].name == var.object_id && kubernetes_cluster_role_binding_v1.reader.subject[0].kind == "User" && length(kubernetes_cluster_role_binding_v1.reader.subject) == 1
    error_message = "somebody else is bound"
  }
  assert {
    condition     = length(kubernetes_cluster_role_v1.reader.rule) == length(yamldecode(file("../../access/cluster-role.yaml")).rules)
    error_message = "the role is not the manifest's"
  }
}

run "binds_a_group" {
  command = plan

  variables {
    object_id = "00000000-0000-0000-0000-00000000000b"
    kind      = "Group"
  }

  assert {
    condition     = kubernetes_cluster_role_binding_v1.reader.subject[0].kind == "Group"
    error_message = "a group is bound as a user"
  }
}

run "refuses_what_is_no_object_id" {
  command = plan

  variables {
    object_id = "system:masters"
    kind      = "ServiceAccount"
  }

  expect_failures = [var.object_id, var.kind]
}
