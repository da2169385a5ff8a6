# One service account for each step, and what it may. No key is made for any of them.

resource "google_service_account" "step" {
  for_each     = local.steps
  project      = var.project
  account_id   = "${var.name}-${each.value}"
  display_name = "ringfence: ${each.value}"

  depends_on = [google_project_service.needed]
}

# --- the store: nothing in it is deleted, and of what a run leaves only its renderings and the pointer are replaced ---

resource "google_project_iam_custom_role" "writer" {
  project     = var.project
  role_id     = "${local.role_prefix}_store_writer"
  title       = "ringfence: store, write"
  description = "Adds objects to the store and reads them"
  permissions = ["storage.objects.create", "storage.objects.get", "storage.objects.list"]
}

resource "google_project_iam_custom_role" "replacer" {
  project     = var.project
  role_id     = "${local.role_prefix}_store_replacer"
  title       = "ringfence: store, replace"
  description = "Cloud Storage asks for this where an object is overwritten"
  permissions = ["storage.objects.delete"]
}

resource "google_project_iam_custom_role" "reader" {
  project     = var.project
  role_id     = "${local.role_prefix}_settings_reader"
  title       = "ringfence: settings, read"
  permissions = ["storage.objects.get", "storage.objects.list"]
}

resource "google_storage_bucket_iam_member" "writer" {
  for_each = local.steps
  bucket   = google_storage_bucket.store.name
  role     = google_project_iam_custom_role.writer.id
  member   = google_service_account.step[each.value].member
}

resource "google_storage_bucket_iam_member" "replacer" {
  for_each = local.steps
  bucket   = google_storage_bucket.store.name
  role     = google_project_iam_custom_role.replacer.id
  member   = google_service_account.step[each.value].member

  condition {
    title       = "renderings and the pointer"
    description = "Not the plan of a run, nor anything of a cluster: snapshots and results stay as they were written"
    expression  = <<-E
      resource.type == "storage.googleapis.com/Object" &&
      !resource.name.endsWith("/run.json") &&
      resource.name.extract("/v1/runs/{run}/clusters/") == ""
    E
  }
}

resource "google_storage_bucket_iam_member" "settings" {
  for_each = local.steps
  bucket   = google_storage_bucket.settings.name
  role     = google_project_iam_custom_role.reader.id
  member   = google_service_account.step[each.value].member
}

# --- the queue: the plan sends ---

resource "google_pubsub_topic_iam_member" "plan_sends" {
  project = var.project
  topic   = google_pubsub_topic.of["tasks"].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.step["plan"].member
}

# --- Pub/Sub calls the functions as this one, which may call these three and nothing else ---

resource "google_service_account" "push" {
  project      = var.project
  account_id   = "${var.name}-push"
  display_name = "ringfence: Pub/Sub calls the functions"

  depends_on = [google_project_service.needed]
}

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = local.steps
  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.step[each.value].name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_service_account_iam_member" "pubsub_is_push" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent

  depends_on = [google_project_service.needed]
}

# --- the functions' images are built as this one, instead of as the project's default account, which can do nearly all ---

resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.name}-build"
  display_name = "ringfence: builds the functions"

  depends_on = [google_project_service.needed]
}

locals {
  building = {
    "roles/artifactregistry.writer" = null # the repository is made by Cloud Run functions, under a name of theirs
    "roles/logging.logWriter"       = null
    # Cloud Run functions copy the zip into a bucket of their own, gcf-v2-sources-..., and build from there.
    "roles/storage.objectViewer" = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/${local.settings_bucket}\")"
  }
}

resource "google_project_iam_member" "build" {
  for_each = local.building
  project  = var.project
  role     = each.key
  member   = google_service_account.build.member

  dynamic "condition" {
    for_each = each.value[*]
    content {
      title      = "the functions' source"
      expression = condition.value
    }
  }
}
