# What a plan of the module holds; the provider is a mock, so nothing is asked and nothing is made.

mock_provider "azurerm" {
  mock_data "azurerm_resource_group" {
    defaults = {
      id       = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/audit"
      name     = "audit"
      location = "westeurope"
    }
  }
  mock_data "azurerm_client_config" {
    defaults = {
      object_id       = "00000000-0000-0000-0000-00000000000a"
      subscription_id = "00000000-0000-0000-0000-000000000001"
    }
  }
}

variables {
  resource_group = "audit"
  zip            = "tests/bundle.txt"
  settings       = "sources: [{azure: {}}]"
}

run "no_account_takes_keys_or_shows_anything" {
  command = plan

  assert {
    condition     = alltrue([for each in [azurerm_storage_account.store, azurerm_storage_account.host] : !each.shared_access_key_enabled && !each.allow_nested_items_to_be_public && each.min_tls_version == "TLS1_2" && each.https_traffic_only_enabled])
    error_message = "an account is open"
  }
  assert {
    condition     = azurerm_storage_account.store.blob_properties[0].versioning_enabled
    error_message = "the store is not versioned"
  }
  assert {
    condition     = length(azurerm_storage_account.store.immutability_policy) == 0 && length(azurerm_storage_account.store.network_rules) == 0
    error_message = "something that nobody asked for"
  }
}

run "the_host_and_the_program_agree" {
  command = plan

  variables {
    tries = 4
    scan  = { timeout = 905, at_once = 50 }
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings.RINGFENCE_TRIES == "4" && azurerm_function_app_flex_consumption.this[0].app_settings.AzureFunctionsJobHost__extensions__queues__maxDequeueCount == "4"
    error_message = "tries differ"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings.RINGFENCE_TIMEOUT_S == "905" && azurerm_function_app_flex_consumption.this[0].app_settings.AzureFunctionsJobHost__functionTimeout == "00:15:05"
    error_message = "time-outs differ"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].maximum_instance_count == 50 && length(azurerm_linux_function_app.this) == 0
    error_message = "not one app of Flex Consumption"
  }
  assert {
    condition     = toset(keys(azurerm_storage_queue.of)) == toset(["ringfence-tasks", "ringfence-tasks-plans", "ringfence-tasks-poison", "ringfence-tasks-plans-poison"])
    error_message = "queues"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings.RINGFENCE_QUEUE == "ringfence-tasks"
    error_message = "the app looks at another queue"
  }
}

run "premium_runs_the_zip_from_its_storage" {
  command = plan

  variables {
    hosting = "premium"
    scan    = { at_once = 5 }
  }

  assert {
    condition     = azurerm_linux_function_app.this[0].site_config[0].app_scale_limit == 5 && azurerm_service_plan.this.sku_name == "EP1" && length(azurerm_function_app_flex_consumption.this) == 0
    error_message = "not one app of Elastic Premium"
  }
  assert {
    condition     = azurerm_linux_function_app.this[0].storage_uses_managed_identity && !azurerm_linux_function_app.this[0].webdeploy_publish_basic_authentication_enabled
    error_message = "a key or password is in use"
  }
  assert {
    condition     = azurerm_role_assignment.host["package"].role_definition_name == "Storage Blob Data Reader"
    error_message = "the app can write its own code"
  }
}

run "settings_are_written_and_cannot_be_changed_by_the_app" {
  command = plan

  variables {
    files = { "waivers.yaml" = "waivers: []" }
  }

  assert {
    condition     = toset(keys(azurerm_storage_blob.settings)) == toset(["ringfence.yaml", "waivers.yaml"])
    error_message = "not every file is there"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings.RINGFENCE_SETTINGS == "az://settings/${dirname(azurerm_storage_blob.settings["ringfence.yaml"].name)}"
    error_message = "the app looks elsewhere"
  }
  assert {
    condition     = azurerm_role_assignment.host["settings"].role_definition_name == "Storage Blob Data Reader"
    error_message = "the app can change its settings"
  }
}

run "nothing_in_the_store_is_deleted" {
  command = plan

  assert {
    condition     = alltrue([for each in azurerm_role_definition.writer.permissions[0].data_actions : startswith(each, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/") && !strcontains(each, "delete") && !strcontains(each, "*")])
    error_message = "the writer may delete"
  }
}

run "the_subscription_alone_by_default" {
  command = plan

  assert {
    condition     = keys(azurerm_role_definition.reading) == ["00000000-0000-0000-0000-000000000001"]
    error_message = "another scope"
  }
  assert {
    condition     = !contains(azurerm_role_definition.reading["00000000-0000-0000-0000-000000000001"].permissions[0].actions, "Microsoft.Management/managementGroups/descendants/read")
    error_message = "an action that a subscription has no use for"
  }
}

run "a_management_group_has_a_role_of_its_own" {
  command = plan

  variables {
    scope = { management_groups = ["landing-zones", "legacy"] }
  }

  assert {
    condition     = alltrue([for key, each in azurerm_role_definition.reading : each.assignable_scopes == tolist(["/providers/Microsoft.Management/managementGroups/${key}"])]) && length(azurerm_role_assignment.reading) == 2
    error_message = "a role spans management groups, which Azure refuses"
  }
}

run "a_closed_store_opens_to_the_subnet_alone" {
  command = plan

  variables {
    vnet = {
      subnet_id     = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/f"
      close_storage = true
      allowed_ips   = ["192.0.2.1"]
    }
    immutability = { days = 30 }
  }

  assert {
    condition     = alltrue([for each in [azurerm_storage_account.store, azurerm_storage_account.host] : each.network_rules[0].default_action == "Deny" && length(each.network_rules[0].virtual_network_subnet_ids) == 1])
    error_message = "an account is open"
  }
  assert {
    condition     = azurerm_storage_account.store.immutability_policy[0].state == "Unlocked"
    error_message = "locked without being asked"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].virtual_network_subnet_id != null
    error_message = "the app is outside of the VNet"
  }
}

run "alerts_can_be_chosen" {
  command = plan

  variables {
    alerts       = { missing_hours = 0, drop = 0, least_score = 60 }
    alert_emails = ["ops@example.com"]
  }

  assert {
    condition     = toset(keys(azurerm_monitor_scheduled_query_rules_alert_v2.of)) == toset(["failed", "dead-letters", "unread-clusters", "unread-places", "least-score"])
    error_message = "other alerts than asked for"
  }
  assert {
    condition     = length(azurerm_monitor_action_group.this[0].email_receiver) == 1
    error_message = "nobody is told"
  }
}

run "a_pause_stops_plans_alone" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings["AzureWebJobs.due.Disabled"] == "true" && length([for key in keys(azurerm_function_app_flex_consumption.this[0].app_settings) : key if startswith(key, "AzureWebJobs.")]) == 1
    error_message = "something else is off"
  }
}
