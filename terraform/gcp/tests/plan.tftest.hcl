# What a plan of the module holds; the provider is a mock, so nothing is asked and nothing is made.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project  = "audit-1"
  region   = "europe-west1"
  zip      = "tests/bundle.txt"
  settings = "sources: [{gcp: {projects: [audit-1]}}]"
}

run "store_is_closed_versioned_and_kept" {
  command = plan

  assert {
    condition     = google_storage_bucket.store.public_access_prevention == "enforced" && google_storage_bucket.store.uniform_bucket_level_access
    error_message = "the store can be made public"
  }
  assert {
    condition     = google_storage_bucket.store.versioning[0].enabled && google_storage_bucket.settings.versioning[0].enabled
    error_message = "a bucket is not versioned"
  }
  assert {
    condition     = !google_storage_bucket.store.force_destroy
    error_message = "destroying deletes runs"
  }
  assert {
    condition     = length(google_storage_bucket.store.lifecycle_rule) == 1 && google_storage_bucket.store.lifecycle_rule[0].condition[0].with_state == "ARCHIVED"
    error_message = "something but replaced versions is deleted by default"
  }
  assert {
    condition     = length(google_storage_bucket.copy) == 0
    error_message = "a locked bucket that nobody asked for"
  }
}

run "functions_and_queues_agree" {
  command = plan

  variables {
    tries     = 7
    run_hours = 5
    scan      = { timeout = 400, at_once = 3 }
  }

  assert {
    condition     = alltrue([for each in google_cloudfunctions2_function.step : each.service_config[0].environment_variables.RINGFENCE_TRIES == "7"])
    error_message = "functions count other tries"
  }
  assert {
    condition     = alltrue([for each in google_pubsub_subscription.of : each.dead_letter_policy[0].max_delivery_attempts == 7])
    error_message = "queues count other tries"
  }
  assert {
    condition     = google_cloudfunctions2_function.step["scan"].service_config[0].environment_variables.RINGFENCE_TIMEOUT_S == "400" && google_cloudfunctions2_function.step["scan"].service_config[0].timeout_seconds == 400
    error_message = "the scan does not know its time-out"
  }
  assert {
    condition     = google_pubsub_subscription.of["tasks"].ack_deadline_seconds > 400
    error_message = "a scan that is still at work is delivered again"
  }
  assert {
    condition     = google_cloudfunctions2_function.step["scan"].service_config[0].max_instance_count == 3 && google_cloudfunctions2_function.step["scan"].service_config[0].max_instance_request_concurrency == 1
    error_message = "more scans at once than asked for"
  }
  assert {
    condition     = alltrue([for each in google_cloudfunctions2_function.step : each.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "a function can be called from outside"
  }
  assert {
    condition     = google_cloudfunctions2_function.step["plan"].service_config[0].environment_variables.RINGFENCE_RUN_HOURS == "5"
    error_message = "the run's hours do not arrive"
  }
  assert {
    condition     = toset([for each in google_cloudfunctions2_function.step : each.build_config[0].entry_point]) == toset(["plan", "scan", "sweep"])
    error_message = "an entry point is not one of main.py"
  }
}

run "settings_are_written_and_their_folder_follows_them" {
  command = plan

  variables {
    files = { "waivers.yaml" = "waivers: []" }
  }

  assert {
    condition     = toset([for each in google_storage_bucket_object.settings : basename(each.name)]) == toset(["ringfence.yaml", "waivers.yaml"])
    error_message = "not every file is there"
  }
  assert {
    condition     = alltrue([for each in google_cloudfunctions2_function.step : endswith(each.service_config[0].environment_variables.RINGFENCE_SETTINGS, dirname(google_storage_bucket_object.settings["ringfence.yaml"].name))])
    error_message = "the functions look elsewhere"
  }
}

run "one_project_gets_no_permission_of_organizations" {
  command = plan

  assert {
    condition     = length(google_organization_iam_custom_role.reading) == 0 && length(google_project_iam_custom_role.reading) == 2
    error_message = "not a role for plan and one for scan in the project"
  }
  assert {
    condition     = alltrue([for each in google_project_iam_custom_role.reading : !contains(each.permissions, "resourcemanager.projects.list")])
    error_message = "IAM refuses that permission in a project's role"
  }
  assert {
    condition     = google_project_iam_custom_role.reading["scan/audit-1"].permissions == tolist(["container.clusters.connect", "container.clusters.get"])
    error_message = "the scan may do more, or less, than reach one cluster"
  }
}

run "an_organization_binds_once" {
  command = plan

  variables {
    scope = { organization = "123456789012" }
  }

  assert {
    condition     = toset(keys(google_organization_iam_member.reading)) == toset(["plan", "scan"]) && length(google_project_iam_member.reading) == 0
    error_message = "not bound at the organization alone"
  }
}

run "folders_bind_in_folders" {
  command = plan

  variables {
    scope = { organization = "123456789012", folders = ["345678901234"] }
  }

  assert {
    condition     = length(google_organization_iam_member.reading) == 0 && toset([for each in google_folder_iam_member.reading : each.folder]) == toset(["folders/345678901234"])
    error_message = "bound above the folder"
  }
}

run "only_renderings_can_be_replaced" {
  command = plan

  assert {
    condition     = google_project_iam_custom_role.writer.permissions == tolist(["storage.objects.create", "storage.objects.get", "storage.objects.list"])
    error_message = "the writer may do something else"
  }
  assert {
    condition     = alltrue([for each in google_storage_bucket_iam_member.replacer : strcontains(each.condition[0].expression, "/clusters/") && strcontains(each.condition[0].expression, "run.json")])
    error_message = "results and plans can be deleted"
  }
}

run "a_locked_copy_is_locked_and_never_overwritten" {
  command = plan

  variables {
    locked_copy = { days = 400, locked = true }
  }

  assert {
    condition     = google_storage_bucket.copy[0].retention_policy[0].retention_period == 400 * 86400 && google_storage_bucket.copy[0].retention_policy[0].is_locked
    error_message = "not kept as long as asked for"
  }
  assert {
    condition     = !google_storage_transfer_job.copy[0].transfer_spec[0].transfer_options[0].overwrite_objects_already_existing_in_sink
    error_message = "the copy would be overwritten"
  }
}

run "alerts_can_be_chosen" {
  command = plan

  variables {
    alerts = { missing_hours = 0, drop = 0, least_score = 60 }
  }

  assert {
    condition     = length(google_monitoring_alert_policy.asked) == 0
    error_message = "an alert that was switched off"
  }
  assert {
    condition     = strcontains(google_logging_metric.counted["least-score"].filter, "jsonPayload.Score<60")
    error_message = "the least score is not asked for"
  }
}

run "all_alerts_by_default" {
  command = plan

  assert {
    condition     = toset(concat(keys(google_monitoring_alert_policy.counted), keys(google_monitoring_alert_policy.asked))) == toset(["failed", "unread-clusters", "unread-places", "missing-runs", "score-drop"]) && length(google_monitoring_alert_policy.dead) == 1
    error_message = "an alert is missing"
  }
}

run "a_pause_stops_plans_but_not_sweeps" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = google_cloud_scheduler_job.plan.paused && google_cloud_scheduler_job.sweep.paused != true
    error_message = "paused the wrong job"
  }
}

run "a_given_key_encrypts_buckets_and_queues" {
  command = plan

  variables {
    kms_key     = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
    locked_copy = { days = 30 }
  }

  assert {
    condition     = alltrue([for each in [google_storage_bucket.store, google_storage_bucket.settings, google_storage_bucket.copy[0]] : each.encryption[0].default_kms_key_name == var.kms_key])
    error_message = "a bucket has another key"
  }
  assert {
    condition     = alltrue([for each in concat(values(google_pubsub_topic.of), [google_pubsub_topic.dead]) : each.kms_key_name == var.kms_key])
    error_message = "a queue has another key"
  }
}
