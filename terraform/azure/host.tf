# The storage account of the Functions host: its locks and timers, the queues, and the package that it runs. Nothing in it lasts.

resource "azurerm_storage_account" "host" {
  name                     = local.host_account
  resource_group_name      = local.group
  location                 = local.location
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = "LRS"
  tags                     = var.tags

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  allow_nested_items_to_be_public  = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  cross_tenant_replication_enabled = false
  local_user_enabled               = false

  dynamic "network_rules" {
    for_each = local.closed
    content {
      default_action             = "Deny"
      bypass                     = ["AzureServices"]
      ip_rules                   = network_rules.value.allowed_ips
      virtual_network_subnet_ids = [network_rules.value.subnet_id]
    }
  }
}

# The host would make the first two itself; they are made here so that its identity needs rights on them alone, not on the account.
resource "azurerm_storage_container" "host" {
  for_each              = toset(["azure-webjobs-hosts", "azure-webjobs-secrets", "packages"])
  name                  = each.value
  storage_account_id    = azurerm_storage_account.host.id
  container_access_type = "private"
}

# The same for the queues that the host moves poison messages to.
resource "azurerm_storage_queue" "of" {
  for_each           = toset(concat(local.queues, [for each in local.queues : "${each}-poison"]))
  name               = each.value
  storage_account_id = azurerm_storage_account.host.id
}

resource "azurerm_storage_blob" "package" {
  count                  = var.hosting == "premium" ? 1 : 0
  name                   = "${filesha256(var.zip)}.zip"
  storage_account_name   = azurerm_storage_account.host.name
  storage_container_name = azurerm_storage_container.host["packages"].name
  type                   = "Block"
  source                 = var.zip

  depends_on = [azurerm_role_assignment.deployer]
}

# Who put which message where: Azure's own metric counts the messages of the account, not those of one queue.
resource "azurerm_monitor_diagnostic_setting" "queues" {
  name                       = "${var.name}-queues"
  target_resource_id         = "${azurerm_storage_account.host.id}/queueServices/default"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  enabled_log {
    category = "StorageWrite"
  }
}
