# Who starts what. Cloud Scheduler publishes with its own account's permission; the body says nothing, but must not be empty.

resource "google_cloud_scheduler_job" "plan" {
  project     = var.project
  region      = var.region
  name        = "${var.name}-plan"
  description = "ringfence: a run is due"
  schedule    = var.schedule
  time_zone   = var.time_zone
  paused      = !var.enabled

  pubsub_target {
    topic_name = google_pubsub_topic.of["plans"].id
    data       = base64encode("{}")
  }

  retry_config {
    retry_count = 3
  }
}

# Also where no run is planned any more: what has begun is ended.
resource "google_cloud_scheduler_job" "sweep" {
  project     = var.project
  region      = var.region
  name        = "${var.name}-sweep"
  description = "ringfence: end the runs that nobody ended"
  schedule    = "*/15 * * * *"
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.of["sweeps"].id
    data       = base64encode("{}")
  }
}
