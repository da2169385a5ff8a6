# EventBridge Scheduler: a plan when a run is due, and a sweep every quarter of an hour for runs that nobody ended.

resource "aws_scheduler_schedule_group" "this" {
  name = var.name

  tags = var.tags
}

locals {
  schedules = {
    plan = {
      expression = var.schedule
      # Not by jsonencode, which writes < as \u003c: Scheduler would not know its own keyword, and runs would have no time.
      input = "{\"step\": \"plan\", \"time\": \"<aws.scheduler.scheduled-time>\"}"
    }
    sweep = {
      expression = "rate(15 minutes)"
      input      = "{\"step\": \"sweep\"}"
    }
  }
}

resource "aws_scheduler_schedule" "of" {
  for_each                     = local.schedules
  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = each.value.expression
  schedule_expression_timezone = var.time_zone
  # Sweeps go on: a run that has begun is to end.
  state = var.enabled || each.key == "sweep" ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.of["plan"].arn
    role_arn = aws_iam_role.of["schedule"].arn
    input    = each.value.input

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 20
    }

    dead_letter_config {
      arn = aws_sqs_queue.of["failed"].arn
    }
  }

  depends_on = [aws_iam_role_policy.schedule]
}
