# A scanner on a schedule: Cloud Scheduler -> Pub/Sub -> Cloud Run functions (plan, scan, sweep) -> Cloud Storage.

locals {
  services = [
    "artifactregistry.googleapis.com", # the functions' images
    "cloudbuild.googleapis.com",       # which build them
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com", # discovery: projects and folders
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",   # discovery: networks around clusters
    "container.googleapis.com", # discovery: clusters
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
  ]

  steps = toset(["plan", "scan", "sweep"])

  # The store's URL, and of the settings one that changes with them: so a change makes new instances, which read it.
  store_bucket    = coalesce(var.store_bucket, "${replace(var.project, "/[:.]/", "-")}-${var.name}")
  settings_bucket = "${local.store_bucket}-settings"
  files           = merge(var.files, { "ringfence.yaml" = var.settings })
  settings_folder = "settings/${substr(sha256(jsonencode(local.files)), 0, 16)}"

  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "needed" {
  for_each           = toset(var.enable_services ? concat(local.services, var.locked_copy == null ? [] : ["storagetransfer.googleapis.com"]) : [])
  project            = var.project
  service            = each.value
  disable_on_destroy = false # others may use it by then
}
