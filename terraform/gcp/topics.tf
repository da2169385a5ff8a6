# The queues. A trigger of Eventarc would make a subscription without dead letters; these push to the functions themselves, in the
# form that functions-framework takes for the event (its event_conversion.py).

locals {
  queues = {
    plans  = { step = "plan", timeout = var.plan.timeout, least = "60s" }
    tasks  = { step = "scan", timeout = var.scan.timeout, least = "30s" }
    sweeps = { step = "sweep", timeout = var.plan.timeout, least = "60s" }
  }
}

resource "google_pubsub_topic" "of" {
  for_each = local.queues
  project  = var.project
  name     = "${var.name}-${each.key}"
  labels   = var.labels

  kms_key_name = var.kms_key

  depends_on = [google_project_service.needed, google_kms_crypto_key_iam_member.pubsub]
}

resource "google_pubsub_topic" "dead" {
  project = var.project
  name    = "${var.name}-dead"
  labels  = var.labels

  kms_key_name = var.kms_key

  depends_on = [google_project_service.needed, google_kms_crypto_key_iam_member.pubsub]
}

resource "google_pubsub_subscription" "of" {
  for_each = local.queues
  project  = var.project
  name     = "${var.name}-${each.key}"
  topic    = google_pubsub_topic.of[each.key].id
  labels   = var.labels

  # A push that is not answered by then is delivered again, beside one that may still be at work.
  ack_deadline_seconds       = each.value.timeout + 10
  message_retention_duration = "86400s"

  expiration_policy {
    ttl = "" # never: a deployment that is paused for a month keeps its queues
  }

  push_config {
    # The path is how the framework learns the topic.
    push_endpoint = "${google_cloudfunctions2_function.step[each.value.step].service_config[0].uri}/${google_pubsub_topic.of[each.key].id}"
    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = google_cloudfunctions2_function.step[each.value.step].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = each.value.least
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = var.tries
  }

  depends_on = [google_cloud_run_v2_service_iam_member.push, google_service_account_iam_member.pubsub_is_push]
}

# Dead letters wait here to be looked at; without a subscription they would be gone.
resource "google_pubsub_subscription" "dead" {
  project                    = var.project
  name                       = "${var.name}-dead"
  topic                      = google_pubsub_topic.dead.id
  labels                     = var.labels
  message_retention_duration = "1209600s" # 14 days

  expiration_policy {
    ttl = ""
  }
}

# Moving a message to the dead letters is Pub/Sub's own doing: it publishes there, and takes it out here.
resource "google_pubsub_topic_iam_member" "dead" {
  project = var.project
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead" {
  for_each     = local.queues
  project      = var.project
  subscription = google_pubsub_subscription.of[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_kms_crypto_key_iam_member" "pubsub" {
  count         = var.kms_key == null ? 0 : 1
  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = local.pubsub_agent

  depends_on = [google_project_service.needed]
}
