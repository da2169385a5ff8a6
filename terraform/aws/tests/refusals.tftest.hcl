# What is refused before anything is made, each for one mistake.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  zip      = "main.tf" # any file: nothing is run
  settings = "sources: [{aws: {}}]"
}

run "a_name_no_bucket_has" {
  command = plan
  variables {
    name = "Ring_fence"
  }
  expect_failures = [var.name]
}

run "no_zip" {
  command = plan
  variables {
    zip = "tests/missing.zip"
  }
  expect_failures = [var.zip]
}

run "settings_without_sources" {
  command = plan
  variables {
    settings = "store: s3://elsewhere"
  }
  expect_failures = [var.settings]
}

run "settings_that_are_no_yaml" {
  command = plan
  variables {
    settings = "sources: ["
  }
  expect_failures = [var.settings]
}

run "a_source_that_is_no_cloud" {
  command = plan
  variables {
    settings = "sources: [{aws: {}}, {kubeconfig: k}]"
  }
  expect_failures = [var.settings]
}

run "a_file_that_leads_out" {
  command = plan
  variables {
    files = { "../waivers.yaml" = "x" }
  }
  expect_failures = [var.files]
}

run "the_settings_twice" {
  command = plan
  variables {
    files = { "ringfence.yaml" = "x" }
  }
  expect_failures = [var.files]
}

run "a_bare_cron" {
  command = plan
  variables {
    schedule = "0 5 * * *"
  }
  expect_failures = [var.schedule]
}

run "a_zone_with_blanks" {
  command = plan
  variables {
    time_zone = "Central European Time"
  }
  expect_failures = [var.time_zone]
}

run "another_architecture" {
  command = plan
  variables {
    architecture = "armv7"
  }
  expect_failures = [var.architecture]
}

run "an_old_python" {
  command = plan
  variables {
    runtime = "python3.9"
  }
  expect_failures = [var.runtime]
}

run "a_plan_of_an_hour" {
  command = plan
  variables {
    plan = { timeout = 3600 }
  }
  expect_failures = [var.plan]
}

run "a_plan_without_concurrency" {
  command = plan
  variables {
    plan = { reserved = 0 }
  }
  expect_failures = [var.plan]
}

run "a_scan_of_an_hour" {
  command = plan
  variables {
    scan = { timeout = 3600 }
  }
  expect_failures = [var.scan]
}

run "one_cluster_at_once" {
  command = plan
  variables {
    scan = { at_once = 1 }
  }
  expect_failures = [var.scan]
}

run "less_reserved_than_used" {
  command = plan
  variables {
    scan = { at_once = 20, reserved = 10 }
  }
  expect_failures = [var.scan]
}

run "no_tries" {
  command = plan
  variables {
    tries = 0
  }
  expect_failures = [var.tries]
}

run "tries_beyond_the_run" {
  command = plan
  variables {
    scan = { timeout = 900 }
  }
  expect_failures = [var.run_hours]
}

run "a_run_of_two_days" {
  command = plan
  variables {
    run_hours = 48
    alarms    = { missing_hours = 100 }
  }
  expect_failures = [var.run_hours]
}

run "an_overridden_store" {
  command = plan
  variables {
    environment = { RINGFENCE_STORE = "s3://elsewhere" }
  }
  expect_failures = [var.environment]
}

run "a_boundary_by_name" {
  command = plan
  variables {
    permissions_boundary = "boundary"
  }
  expect_failures = [var.permissions_boundary]
}

run "a_bucket_with_capitals" {
  command = plan
  variables {
    store_bucket = "Audits"
  }
  expect_failures = [var.store_bucket]
}

run "archived_too_soon" {
  command = plan
  variables {
    keep = { archive_after = 7 }
  }
  expect_failures = [var.keep]
}

run "deleted_before_archived" {
  command = plan
  variables {
    keep = { archive_after = 90, days = 60 }
  }
  expect_failures = [var.keep]
}

run "a_lock_of_no_kind" {
  command = plan
  variables {
    object_lock = { mode = "STRICT", days = 30 }
  }
  expect_failures = [var.object_lock]
}

run "a_lock_longer_than_kept" {
  command = plan
  variables {
    object_lock = { mode = "GOVERNANCE", days = 400 }
    keep        = { days = 365 }
  }
  expect_failures = [var.object_lock]
}

run "locked_and_to_be_deleted" {
  command = plan
  variables {
    object_lock            = { mode = "GOVERNANCE", days = 30 }
    delete_runs_on_destroy = true
  }
  expect_failures = [var.delete_runs_on_destroy]
}

run "another_encryption" {
  command = plan
  variables {
    encryption = "none"
  }
  expect_failures = [var.encryption]
}

run "no_key_given" {
  command = plan
  variables {
    encryption = "given"
  }
  expect_failures = [var.kms_key_arn]
}

run "a_key_for_nothing" {
  command = plan
  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/k"
  }
  expect_failures = [var.kms_key_arn]
}

run "an_alias" {
  command = plan
  variables {
    encryption  = "given"
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:alias/k"
  }
  expect_failures = [var.kms_key_arn]
}

run "a_vpc_without_subnets" {
  command = plan
  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }
  expect_failures = [var.vpc]
}

run "logs_for_ten_days" {
  command = plan
  variables {
    log_days = 10
  }
  expect_failures = [var.log_days]
}

run "missing_for_a_month" {
  command = plan
  variables {
    alarms = { missing_hours = 720 }
  }
  expect_failures = [var.alarms]
}

run "missing_before_it_ends" {
  command = plan
  variables {
    alarms = { missing_hours = 2 }
  }
  expect_failures = [var.alarms]
}

run "a_score_above_all" {
  command = plan
  variables {
    alarms = { least_score = 101 }
  }
  expect_failures = [var.alarms]
}

run "an_address_without_at" {
  command = plan
  variables {
    alarm_topic = { emails = ["ops"] }
  }
  expect_failures = [var.alarm_topic]
}

run "an_action_by_name" {
  command = plan
  variables {
    alarm_actions = ["ops"]
  }
  expect_failures = [var.alarm_actions]
}
