# Who is told, and of what. Numbers of runs come from the functions' own metrics (functions/scheduled/service.py), which have no
# dimensions: two deployments in one account and region share them.

locals {
  hour = 3600

  # Once a run, and nothing in between: between two runs the last answer stands.
  of_runs = { namespace = "ringfence", dimensions = null, periods = 1, missing = "ignore", period = 300 }
  of_queues = {
    namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", periods = 1, period = 300
    comparison = "GreaterThanThreshold", threshold = 0, missing = "notBreaching"
  }

  alarms = merge(
    {
      plan-failed = merge(local.of_queues, {
        dimensions = { QueueName = aws_sqs_queue.of["failed"].name }
        text       = "A plan or a sweep failed every time it was tried: a run is missing or has no end."
      })
      dead-letters = merge(local.of_queues, {
        dimensions = { QueueName = aws_sqs_queue.of["dead"].name }
        text       = "A task failed every time it was tried: its cluster is unread in the run's report."
      })
      unread-clusters = merge(local.of_runs, {
        metric = "UnreadClusters", statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = var.alarms.unread_clusters
        text   = "Clusters of the last run could not be read; the report names each with its reason."
      })
      unread-places = merge(local.of_runs, {
        metric = "UnreadPlaces", statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = var.alarms.unread_places
        text   = "Accounts or regions of the last run could not be read whole: clusters may be missing from the report."
      })
    },
    {
      score-drop = merge(local.of_runs, {
        metric = "ScoreDrop", statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = var.alarms.most_drop
        text   = "The fleet's score fell by more than ${var.alarms.most_drop} points from one run to the next."
      })
    },
    var.alarms.missing_hours == 0 ? {} : {
      missing-runs = {
        namespace  = "ringfence", metric = "Reports", dimensions = null, statistic = "Sum"
        comparison = "LessThanThreshold", threshold = 1
        # Every hour of so many without a report.
        period = local.hour, periods = var.alarms.missing_hours, missing = "breaching"
        text   = "No run ended in a report within ${var.alarms.missing_hours} hours."
      }
    },
    var.alarms.least_score == null ? {} : {
      score = merge(local.of_runs, {
        metric = "Score", statistic = "Minimum", comparison = "LessThanThreshold", threshold = var.alarms.least_score
        text   = "The fleet's score fell below ${var.alarms.least_score}."
      })
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "of" {
  for_each            = { for name, alarm in local.alarms : name => alarm if var.alarms.enabled }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.text} What to do: docs/operate-aws.md, ${each.key}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = var.tags
}

locals {
  alarm_actions = concat(aws_sns_topic.alarms[*].arn, var.alarm_actions)
}

resource "aws_sns_topic" "alarms" {
  count             = var.alarm_topic == null ? 0 : 1
  name              = "${var.name}-alarms"
  kms_master_key_id = local.own_key ? local.kms_key_arn : null # the alias of AWS' own key lets no alarm in

  tags = var.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = var.alarm_topic == null ? 0 : 1
  arn   = aws_sns_topic.alarms[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms[0].arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-*" }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = toset(try(var.alarm_topic.emails, []))
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = each.value
}
