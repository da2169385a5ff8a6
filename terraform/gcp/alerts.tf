# Who is told, and of what. Numbers of runs are read from the lines that the functions write (functions/scheduled/news.py).

locals {
  lines = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=~\"^${var.name}-(plan|scan|sweep)$\"",
    "resource.labels.location=\"${var.region}\"",
  ])
  metrics = "logging.googleapis.com/user"

  # Each counts the lines that its filter finds; one line within ten minutes is enough.
  counted = merge(
    {
      failed = {
        filter = "severity>=ERROR"
        text   = "A step failed. What may pass is tried again; the line in the logs says what is wrong and how to mend it."
      }
      unread-clusters = {
        filter = "jsonPayload.UnreadClusters>${var.alerts.unread_clusters}"
        text   = "Clusters of the last run could not be read; the report names each with its reason."
      }
      unread-places = {
        filter = "jsonPayload.UnreadPlaces>${var.alerts.unread_places}"
        text   = "Projects or locations of the last run could not be read whole: clusters may be missing from the report."
      }
    },
    var.alerts.least_score == null ? {} : {
      least-score = {
        filter = "jsonPayload.Score<${var.alerts.least_score}"
        text   = "The fleet's score is below ${var.alerts.least_score}."
      }
    },
  )

  prometheus = "logging_googleapis_com:user_${local.role_prefix}"
  # Ratios of distributions: the mean score of the last hours, and of the day before.
  mean = { for name, range in { now = "[6h]", before = "[19h] offset 6h" } : name => join(" / ", [
    for part in ["sum", "count"] : "sum(increase(${local.prometheus}_score_${part}{monitored_resource=\"cloud_run_revision\"}${range}))"
  ]) }
  asked = merge(
    var.alerts.missing_hours == 0 ? {} : {
      missing-runs = {
        # A series that never was, or is over, counts as none.
        query    = "(sum(increase(${local.prometheus}_reports{monitored_resource=\"cloud_run_revision\"}[${var.alerts.missing_hours - 1}h])) or vector(0)) < 0.5"
        duration = "3600s"
        text     = "No run ended in a report within ${var.alerts.missing_hours} hours."
      }
    },
    var.alerts.drop == 0 ? {} : {
      score-drop = {
        query    = "(${local.mean.before}) - (${local.mean.now}) > ${var.alerts.drop}"
        duration = "0s"
        text     = "The fleet's score fell by more than ${var.alerts.drop} points within a day."
      }
    },
  )
}

resource "google_logging_metric" "counted" {
  for_each    = merge(local.counted, { reports = { filter = "jsonPayload.Reports=1", text = "Runs that ended in a report." } })
  project     = var.project
  name        = "${local.role_prefix}_${replace(each.key, "-", "_")}"
  description = each.value.text
  filter      = "${local.lines} AND ${each.value.filter}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.needed]
}

resource "google_logging_metric" "score" {
  project         = var.project
  name            = "${local.role_prefix}_score"
  description     = "The fleet's score, once for each run."
  filter          = "${local.lines} AND jsonPayload.Score>=0"
  value_extractor = "EXTRACT(jsonPayload.Score)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
  }
  bucket_options {
    linear_buckets {
      num_finite_buckets = 100
      offset             = 0
      width              = 1
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "counted" {
  for_each     = { for name, each in local.counted : name => each if var.alerts.enabled }
  project      = var.project
  display_name = "${var.name}: ${each.key}"
  combiner     = "OR"
  user_labels  = var.labels

  conditions {
    display_name = each.key
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"${local.metrics}/${google_logging_metric.counted[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "${each.value.text} What to do: docs/operate-gcp.md, ${each.key}."
  }
  notification_channels = var.notification_channels
}

resource "google_monitoring_alert_policy" "asked" {
  for_each     = { for name, each in local.asked : name => each if var.alerts.enabled }
  project      = var.project
  display_name = "${var.name}: ${each.key}"
  combiner     = "OR"
  user_labels  = var.labels

  conditions {
    display_name = each.key
    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.duration
      evaluation_interval       = "300s"
      disable_metric_validation = true # before the first run there is no such metric
    }
  }

  documentation {
    content = "${each.value.text} What to do: docs/operate-gcp.md, ${each.key}."
  }
  notification_channels = var.notification_channels

  depends_on = [google_logging_metric.counted, google_logging_metric.score]
}

resource "google_monitoring_alert_policy" "dead" {
  count        = var.alerts.enabled ? 1 : 0
  project      = var.project
  display_name = "${var.name}: dead-letters"
  combiner     = "OR"
  user_labels  = var.labels

  conditions {
    display_name = "dead-letters"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content = "A message failed every time it was tried. What to do: docs/operate-gcp.md, dead-letters."
  }
  notification_channels = var.notification_channels
}
