# Inputs that cannot work are refused before anything is planned.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project  = "audit-1"
  region   = "europe-west1"
  zip      = "tests/bundle.txt"
  settings = "sources: [{gcp: {}}]"
}

run "several_at_once" {
  command = plan

  variables {
    name                  = "Ringfence_1"
    zip                   = "tests/none.zip"
    files                 = { "../x" = "" }
    scope                 = { folders = ["1"] }
    schedule              = "daily"
    tries                 = 3
    run_hours             = 0
    environment           = { RINGFENCE_STORE = "gs://other" }
    keep                  = { days = 10, archive_after = 20 }
    kms_key               = "key"
    vpc                   = { connector = "c" }
    notification_channels = ["mail"]
    labels                = { Team = "x" }
  }

  expect_failures = [
    var.name, var.zip, var.files, var.scope, var.schedule, var.tries, var.run_hours, var.environment, var.keep, var.kms_key, var.vpc,
    var.notification_channels, var.labels,
  ]
}

run "more" {
  command = plan

  variables {
    project      = "Audit"
    region       = "europe"
    settings     = "sources: [{kubeconfig: x}]"
    time_zone    = "Central Europe"
    runtime      = "python38"
    plan         = { timeout = 3600 }
    scan         = { at_once = 0 }
    store_bucket = "Runs"
    locked_copy  = { days = 0 }
    alerts       = { missing_hours = 2 }
  }

  expect_failures = [
    var.project, var.region, var.settings, var.time_zone, var.runtime, var.plan, var.scan, var.store_bucket, var.locked_copy, var.alerts,
  ]
}
