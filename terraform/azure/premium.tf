# Elastic Premium: runs the zip from the host's storage account, which its identity reads.

resource "azurerm_linux_function_app" "this" {
  count               = var.hosting == "premium" ? 1 : 0
  name                = local.app
  resource_group_name = local.group
  location            = local.location
  service_plan_id     = azurerm_service_plan.this.id
  tags                = var.tags

  storage_account_name          = azurerm_storage_account.host.name
  storage_uses_managed_identity = true
  content_share_force_disabled  = true # a share would need the account's key

  https_only                                     = true
  public_network_access_enabled                  = false # the app has no HTTP function
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false
  virtual_network_subnet_id                      = try(var.vnet.subnet_id, null)

  app_settings = merge(local.app_settings, {
    WEBSITE_RUN_FROM_PACKAGE                     = azurerm_storage_blob.package[0].url
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = azurerm_user_assigned_identity.this.id
  })

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  site_config {
    app_scale_limit                        = var.scan.at_once
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    ftps_state                             = "Disabled"
    minimum_tls_version                    = "1.2"
    runtime_scale_monitoring_enabled       = var.vnet != null # scales by queues that only the VNet reaches
    vnet_route_all_enabled                 = var.vnet != null
    application_stack {
      python_version = var.runtime
    }
  }

  depends_on = [azurerm_role_assignment.host, azurerm_role_assignment.writer, azurerm_storage_blob.settings]
}
