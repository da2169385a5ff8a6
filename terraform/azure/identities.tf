# Who the functions are, and what they may do with what this module makes. What they may read of the clouds: reading.tf.

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = local.group
  location            = local.location
  tags                = var.tags
}

# Built-in roles for this allow deleting; nothing here does. An overwritten blob is a new version of it.
resource "azurerm_role_definition" "writer" {
  name        = "${local.app} store writer"
  scope       = data.azurerm_resource_group.this.id
  description = "Adds blobs to a container, replaces them by new versions, and reads them"

  permissions {
    data_actions = [
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", # lists too
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    ]
  }
  assignable_scopes = [data.azurerm_resource_group.this.id]
}

resource "azurerm_role_assignment" "writer" {
  scope              = azurerm_storage_container.runs.id
  role_definition_id = azurerm_role_definition.writer.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this.principal_id
  principal_type     = "ServicePrincipal"
}

locals {
  # The host's own needs (Azure Functions, "Connecting to host storage with an identity"), container by container.
  host_roles = merge(
    {
      settings = { scope = azurerm_storage_container.settings.id, role = "Storage Blob Data Reader" }
      locks    = { scope = azurerm_storage_container.host["azure-webjobs-hosts"].id, role = "Storage Blob Data Owner" }
      keys     = { scope = azurerm_storage_container.host["azure-webjobs-secrets"].id, role = "Storage Blob Data Owner" }
      # Flex Consumption puts the package there itself; Elastic Premium reads it.
      package = { scope = azurerm_storage_container.host["packages"].id, role = var.hosting == "flex" ? "Storage Blob Data Contributor" : "Storage Blob Data Reader" }
      metrics = { scope = azurerm_application_insights.this.id, role = "Monitoring Metrics Publisher" } # writes telemetry, reads none
    },
    # The host sends, takes, prolongs and deletes messages, and reads a queue's length to scale.
    { for name, each in azurerm_storage_queue.of : "queue-${name}" => { scope = each.id, role = "Storage Queue Data Contributor" } },
  )
}

resource "azurerm_role_assignment" "host" {
  for_each             = local.host_roles
  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}

# Without keys, whoever applies this needs a role to write settings and packages, too.
resource "azurerm_role_assignment" "deployer" {
  for_each = var.grant_deployer ? {
    settings = azurerm_storage_container.settings.id
    packages = azurerm_storage_container.host["packages"].id
  } : {}
  scope                = each.value
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.this.object_id
}
