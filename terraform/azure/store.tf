# Where runs are kept, and in a container of its own what the functions are set up with, which they cannot change. Both lie in one
# account, because the environment names one to the program.

resource "azurerm_storage_account" "store" {
  name                     = local.store_account
  resource_group_name      = local.group
  location                 = local.location
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.replication
  tags                     = var.tags

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  allow_nested_items_to_be_public  = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  allowed_copy_scope               = "AAD"

  blob_properties {
    versioning_enabled = true
    delete_retention_policy {
      days = 7
    }
    container_delete_retention_policy {
      days = 30
    }
  }

  dynamic "immutability_policy" {
    for_each = var.immutability[*]
    content {
      allow_protected_append_writes = false
      period_since_creation_in_days = immutability_policy.value.days
      state                         = immutability_policy.value.locked ? "Locked" : "Unlocked"
    }
  }

  dynamic "customer_managed_key" {
    for_each = var.customer_key[*]
    content {
      key_vault_key_id          = customer_managed_key.value.key_id
      user_assigned_identity_id = customer_managed_key.value.identity_id
    }
  }

  dynamic "identity" {
    for_each = var.customer_key[*]
    content {
      type         = "UserAssigned"
      identity_ids = [identity.value.identity_id]
    }
  }

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

locals {
  closed = try(var.vnet.close_storage, false) ? [var.vnet] : []
}

resource "azurerm_storage_container" "runs" {
  name                  = "runs"
  storage_account_id    = azurerm_storage_account.store.id
  container_access_type = "private"

  lifecycle {
    # Runs are evidence: `terraform destroy` stops here until the container is taken out of the state (docs/operate-azure.md, "Remove").
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "settings" {
  name                  = "settings"
  storage_account_id    = azurerm_storage_account.store.id
  container_access_type = "private"
}

resource "azurerm_storage_management_policy" "store" {
  storage_account_id = azurerm_storage_account.store.id

  rule {
    name    = "replaced"
    enabled = true
    filters {
      blob_types = ["blockBlob"]
    }
    actions {
      version {
        delete_after_days_since_creation = var.keep.replaced
      }
    }
  }

  dynamic "rule" {
    for_each = var.keep.days != null || var.keep.archive_after != null ? [var.keep] : []
    content {
      name    = "runs"
      enabled = true
      filters {
        blob_types   = ["blockBlob"]
        prefix_match = ["${azurerm_storage_container.runs.name}/v1/runs/"]
      }
      actions {
        base_blob {
          tier_to_cool_after_days_since_modification_greater_than = rule.value.archive_after
          delete_after_days_since_modification_greater_than       = rule.value.days
        }
      }
    }
  }
}

resource "azurerm_storage_blob" "settings" {
  for_each               = local.files
  name                   = "${local.settings_folder}/${each.key}"
  storage_account_name   = azurerm_storage_account.store.name
  storage_container_name = azurerm_storage_container.settings.name
  type                   = "Block"
  source_content         = each.value

  depends_on = [azurerm_role_assignment.deployer]
}
