# What the functions may read of the clouds: terraform/access/azure-role.json, which a test holds against what the program asks for.
# No action holds a wildcard, and none is of the data plane. What a cluster itself shows is RBAC's: see cluster-access/.

locals {
  role = jsondecode(file("${path.module}/../access/azure-role.json"))

  # Asked of management groups only.
  of_groups = ["Microsoft.Management/managementGroups/descendants/read"]

  subscriptions = length(var.scope.subscriptions) + length(var.scope.management_groups) > 0 ? var.scope.subscriptions : toset([data.azurerm_client_config.this.subscription_id])

  # A custom role can be assigned in one management group at the most, so each scope has its own.
  scopes = merge(
    { for each in var.scope.management_groups : each => { id = "/providers/Microsoft.Management/managementGroups/${each}", actions = local.role.Actions } },
    { for each in local.subscriptions : each => { id = "/subscriptions/${each}", actions = setsubtract(local.role.Actions, local.of_groups) } },
  )
}

resource "azurerm_role_definition" "reading" {
  for_each    = local.scopes
  name        = "${local.role.Name} ${local.app} ${each.key}" # unique in the tenant
  scope       = each.value.id
  description = local.role.Description

  permissions {
    actions          = each.value.actions
    not_actions      = local.role.NotActions
    data_actions     = local.role.DataActions
    not_data_actions = local.role.NotDataActions
  }
  assignable_scopes = [each.value.id]
}

resource "azurerm_role_assignment" "reading" {
  for_each           = local.scopes
  scope              = each.value.id
  role_definition_id = azurerm_role_definition.reading[each.key].role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this.principal_id
  principal_type     = "ServicePrincipal"
}
