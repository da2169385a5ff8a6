# Where the functions' lines go. Only identities may write there.

resource "azurerm_log_analytics_workspace" "this" {
  name                = local.app
  resource_group_name = local.group
  location            = local.location
  sku                 = "PerGB2018"
  retention_in_days   = var.log_days
  tags                = var.tags
}

resource "azurerm_application_insights" "this" {
  name                          = local.app
  resource_group_name           = local.group
  location                      = local.location
  application_type              = "other"
  workspace_id                  = azurerm_log_analytics_workspace.this.id
  local_authentication_disabled = true
  sampling_percentage           = 100 # a line left out would be an alert missed
  tags                          = var.tags
}
