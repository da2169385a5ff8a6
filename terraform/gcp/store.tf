# Where runs are kept, and beside it what the functions are made and set up with, which they cannot change.

resource "google_storage_bucket" "store" {
  name                        = local.store_bucket
  project                     = var.project
  location                    = var.region
  force_destroy               = var.delete_runs_on_destroy
  labels                      = var.labels
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.keep.replaced
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.keep.archive_after[*]
    content {
      action {
        type          = "SetStorageClass"
        storage_class = "NEARLINE"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["v1/runs/"]
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.keep.days[*]
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["v1/runs/"]
        with_state     = "LIVE"
      }
    }
  }

  depends_on = [google_project_service.needed, google_kms_crypto_key_iam_member.storage]
}

resource "google_storage_bucket" "settings" {
  name                        = local.settings_bucket
  project                     = var.project
  location                    = var.region
  force_destroy               = true # all of it comes from this configuration
  labels                      = var.labels
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.keep.replaced
      with_state                 = "ARCHIVED"
    }
  }

  depends_on = [google_project_service.needed, google_kms_crypto_key_iam_member.storage]
}

resource "google_storage_bucket_object" "settings" {
  for_each = local.files
  bucket   = google_storage_bucket.settings.name
  name     = "${local.settings_folder}/${each.key}"
  content  = each.value
}

resource "google_storage_bucket_object" "zip" {
  bucket = google_storage_bucket.settings.name
  name   = "bundles/${filesha256(var.zip)}.zip"
  source = var.zip
}

# Cloud Storage encrypts and decrypts for everybody, so it is its own account that needs the key.
data "google_storage_project_service_account" "this" {
  project = var.project
}

resource "google_kms_crypto_key_iam_member" "storage" {
  count         = var.kms_key == null ? 0 : 1
  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
}
