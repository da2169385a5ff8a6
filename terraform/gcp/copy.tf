# The copy of every run that nobody can change. A day's runs are copied the next night.

resource "google_storage_bucket" "copy" {
  count                       = var.locked_copy == null ? 0 : 1
  name                        = "${local.store_bucket}-locked"
  project                     = var.project
  location                    = var.region
  labels                      = var.labels
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  storage_class               = "NEARLINE"

  retention_policy {
    retention_period = var.locked_copy.days * 86400
    is_locked        = var.locked_copy.locked
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_project_service.needed, google_kms_crypto_key_iam_member.storage]
}

data "google_storage_transfer_project_service_account" "this" {
  count   = var.locked_copy == null ? 0 : 1
  project = var.project

  depends_on = [google_project_service.needed]
}

locals {
  # What Storage Transfer Service asks for (its page "Access to Cloud Storage"), nothing that deletes.
  copying = var.locked_copy == null ? {} : {
    source-bucket  = { bucket = google_storage_bucket.store.name, role = "roles/storage.legacyBucketReader" }
    source-objects = { bucket = google_storage_bucket.store.name, role = "roles/storage.objectViewer" }
    sink-bucket    = { bucket = google_storage_bucket.copy[0].name, role = "roles/storage.legacyBucketReader" }
    sink-objects   = { bucket = google_storage_bucket.copy[0].name, role = "roles/storage.objectCreator" }
  }
}

resource "google_storage_bucket_iam_member" "copying" {
  for_each = local.copying
  bucket   = each.value.bucket
  role     = each.value.role
  member   = "serviceAccount:${data.google_storage_transfer_project_service_account.this[0].email}"
}

resource "google_storage_transfer_job" "copy" {
  count       = var.locked_copy == null ? 0 : 1
  project     = var.project
  description = "${var.name}: runs to the locked copy"

  transfer_spec {
    gcs_data_source {
      bucket_name = google_storage_bucket.store.name
    }
    gcs_data_sink {
      bucket_name = google_storage_bucket.copy[0].name
    }
    object_conditions {
      include_prefixes = ["v1/runs/"]
      # A run that is under way has no report yet; the copy takes whole runs.
      min_time_elapsed_since_last_modification = "${var.run_hours * 3600}s"
    }
    transfer_options {
      overwrite_objects_already_existing_in_sink = false
    }
  }

  schedule {
    schedule_start_date { # in the past: from now on
      year  = 2026
      month = 1
      day   = 1
    }
    start_time_of_day {
      hours   = 0
      minutes = 30
      seconds = 0
      nanos   = 0
    }
  }

  depends_on = [google_storage_bucket_iam_member.copying]
}
