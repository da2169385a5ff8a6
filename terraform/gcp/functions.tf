# Three functions from one zip. None is public: only Pub/Sub's account of this deployment may call them, and from inside alone.

locals {
  limits = {
    plan  = { timeout = var.plan.timeout, memory = var.plan.memory, at_once = 1, text = "Discover, and send a task for each cluster" }
    scan  = { timeout = var.scan.timeout, memory = var.scan.memory, at_once = var.scan.at_once, text = "Read and judge one cluster" }
    sweep = { timeout = var.plan.timeout, memory = var.plan.memory, at_once = 1, text = "End the runs that nobody ended" }
  }
}

resource "google_cloudfunctions2_function" "step" {
  for_each    = local.steps
  project     = var.project
  location    = var.region
  name        = "${var.name}-${each.value}"
  description = local.limits[each.value].text
  labels      = var.labels

  build_config {
    runtime         = var.runtime
    entry_point     = each.value
    service_account = google_service_account.build.id
    source {
      storage_source {
        bucket     = google_storage_bucket.settings.name
        object     = google_storage_bucket_object.zip.name
        generation = google_storage_bucket_object.zip.generation
      }
    }
    automatic_update_policy {} # security patches of the base image come without a deployment
  }

  service_config {
    service_account_email            = google_service_account.step[each.value].email
    timeout_seconds                  = local.limits[each.value].timeout
    available_memory                 = "${local.limits[each.value].memory}Mi"
    available_cpu                    = "1"
    min_instance_count               = 0
    max_instance_count               = local.limits[each.value].at_once
    max_instance_request_concurrency = 1 # a scan has an instance's memory to itself
    all_traffic_on_latest_revision   = true
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # Pub/Sub of the same project is inside

    vpc_connector                 = try(var.vpc.connector, null)
    vpc_connector_egress_settings = var.vpc == null ? null : var.vpc.all ? "ALL_TRAFFIC" : "PRIVATE_RANGES_ONLY"

    environment_variables = merge(var.environment, {
      RINGFENCE_STORE     = "gs://${google_storage_bucket.store.name}"
      RINGFENCE_SETTINGS  = "gs://${google_storage_bucket.settings.name}/${local.settings_folder}"
      RINGFENCE_RUN_HOURS = tostring(var.run_hours)
      RINGFENCE_TIMEOUT_S = tostring(local.limits[each.value].timeout)
      RINGFENCE_TOPIC     = google_pubsub_topic.of["tasks"].id
      RINGFENCE_TRIES     = tostring(var.tries)
    })
  }

  depends_on = [
    google_project_iam_member.build,
    google_storage_bucket_iam_member.settings,
    google_storage_bucket_iam_member.writer,
    google_storage_bucket_object.settings,
  ]
}
