# Inputs that cannot work are refused before anything is planned.

mock_provider "azurerm" {}

variables {
  resource_group = "audit"
  zip            = "tests/bundle.txt"
  settings       = "sources: [{azure: {}}]"
}

run "several_at_once" {
  command = plan

  variables {
    name         = "a--b"
    zip          = "tests/none.zip"
    files        = { "../x" = "" }
    scope        = { subscriptions = ["mine"] }
    schedule     = "0 5 * * *"
    tries        = 0
    run_hours    = 30
    environment  = { AzureWebJobsStorage = "x" }
    keep         = { days = 10, archive_after = 20 }
    vnet         = { subnet_id = "s" }
    alert_emails = ["nobody"]
  }

  expect_failures = [
    var.name, var.zip, var.files, var.scope, var.schedule, var.tries, var.run_hours, var.environment, var.keep, var.vnet, var.alert_emails,
  ]
}

run "more" {
  command = plan

  variables {
    resource_group = "a/b"
    settings       = "sources: [{kubeconfig: x}]"
    runtime        = "3.8"
    scan           = { memory = 1000 }
    store_account  = "Runs"
    replication    = "XRS"
    immutability   = { days = 400 }
    customer_key   = { key_id = "k", identity_id = "i" }
    log_days       = 1
    alerts         = { missing_hours = 49 }
    action_groups  = ["x"]
  }

  expect_failures = [
    var.resource_group, var.settings, var.runtime, var.scan, var.store_account, var.replication, var.immutability,
    var.customer_key, var.log_days, var.alerts, var.action_groups,
  ]
}

run "hosting" {
  command = plan

  variables {
    hosting = "consumption"
  }

  expect_failures = [var.hosting]
}

run "flex_has_a_least_number_of_instances" {
  command = plan

  variables {
    scan = { at_once = 5 }
  }

  expect_failures = [var.scan]
}
