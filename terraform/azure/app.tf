# What both kinds of hosting are told, and Flex Consumption. Elastic Premium: premium.tf.

locals {
  timeout = format("%02d:%02d:%02d", floor(var.scan.timeout / 3600), floor(var.scan.timeout / 60) % 60, var.scan.timeout % 60)

  app_settings = merge(var.environment, {
    AZURE_CLIENT_ID            = azurerm_user_assigned_identity.this.client_id
    AZURE_STORAGE_ACCOUNT_NAME = azurerm_storage_account.store.name
    RINGFENCE_QUEUE            = local.queue
    RINGFENCE_RUN_HOURS        = tostring(var.run_hours)
    RINGFENCE_SCHEDULE         = var.schedule
    RINGFENCE_SETTINGS         = "az://${azurerm_storage_container.settings.name}/${local.settings_folder}"
    RINGFENCE_STORE            = "az://${azurerm_storage_container.runs.name}"
    RINGFENCE_TIMEOUT_S        = tostring(var.scan.timeout)
    RINGFENCE_TRIES            = tostring(var.tries)

    AzureWebJobsStorage__blobServiceUri  = azurerm_storage_account.host.primary_blob_endpoint
    AzureWebJobsStorage__queueServiceUri = azurerm_storage_account.host.primary_queue_endpoint
    AzureWebJobsStorage__credential      = "managedidentity"
    AzureWebJobsStorage__clientId        = azurerm_user_assigned_identity.this.client_id

    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this.client_id};Authorization=AAD"

    # These override host.json, so that the program and the host agree on time-out and tries.
    AzureFunctionsJobHost__functionTimeout                                           = local.timeout
    AzureFunctionsJobHost__extensions__queues__batchSize                             = "1" # a scan has an instance to itself
    AzureFunctionsJobHost__extensions__queues__newBatchThreshold                     = "0"
    AzureFunctionsJobHost__extensions__queues__maxDequeueCount                       = tostring(var.tries)
    AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled = "false" # a line left out would be an alert missed

    "AzureWebJobs.due.Disabled" = tostring(!var.enabled)
  })
}

resource "azurerm_service_plan" "this" {
  name                         = var.name
  resource_group_name          = local.group
  location                     = local.location
  os_type                      = "Linux"
  sku_name                     = var.hosting == "flex" ? "FC1" : "EP1"
  maximum_elastic_worker_count = var.hosting == "flex" ? null : var.scan.at_once
  tags                         = var.tags
}

resource "terraform_data" "zip" {
  input = filesha256(var.zip)
}

resource "azurerm_function_app_flex_consumption" "this" {
  count               = var.hosting == "flex" ? 1 : 0
  name                = local.app
  resource_group_name = local.group
  location            = local.location
  service_plan_id     = azurerm_service_plan.this.id
  tags                = var.tags

  runtime_name                      = "python"
  runtime_version                   = var.runtime
  instance_memory_in_mb             = var.scan.memory
  maximum_instance_count            = var.scan.at_once
  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "${azurerm_storage_account.host.primary_blob_endpoint}${azurerm_storage_container.host["packages"].name}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.this.id

  zip_deploy_file = var.zip
  # The provider hands the zip over with the app's own publishing credentials; who may read those may deploy anyway.
  webdeploy_publish_basic_authentication_enabled = true

  https_only                    = true
  public_network_access_enabled = true # for the zip; the app has no HTTP function
  virtual_network_subnet_id     = try(var.vnet.subnet_id, null)
  app_settings                  = local.app_settings

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    minimum_tls_version                    = "1.2"
    vnet_route_all_enabled                 = var.vnet != null
  }

  lifecycle {
    # The provider hands over a zip when its path changes, not when its bytes do. Nothing lives in the app.
    replace_triggered_by = [terraform_data.zip]
  }

  depends_on = [azurerm_role_assignment.host, azurerm_role_assignment.writer, azurerm_storage_blob.settings]
}
