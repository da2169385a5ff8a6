# What is there, and what only where it is asked for.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  zip      = "main.tf" # any file: nothing is run
  settings = "sources: [{aws: {}}]"
}

run "usual" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.of["plan"].target[0].input == "{\"step\": \"plan\", \"time\": \"<aws.scheduler.scheduled-time>\"}"
    error_message = "Scheduler knows its keyword only as it is written; escaped, a run has no time."
  }
  assert {
    condition     = alltrue([for each in aws_scheduler_schedule.of : each.flexible_time_window[0].mode == "OFF" && each.state == "ENABLED"])
    error_message = "Both schedules are on, and on time."
  }
  assert {
    condition     = aws_sqs_queue.of["tasks"].visibility_timeout_seconds == 6 * aws_lambda_function.of["scan"].timeout
    error_message = "A message is hidden six times as long as a scan may last."
  }
  assert {
    condition     = tostring(jsondecode(aws_sqs_queue_redrive_policy.tasks.redrive_policy).maxReceiveCount) == aws_lambda_function.of["scan"].environment[0].variables.RINGFENCE_TRIES
    error_message = "The queue delivers as often as the scan believes."
  }
  assert {
    condition = aws_lambda_event_source_mapping.tasks.batch_size == 1 && contains(
      aws_lambda_event_source_mapping.tasks.function_response_types, "ReportBatchItemFailures",
    )
    error_message = "One task at a time, whose failure is said."
  }
  assert {
    condition     = toset(keys(aws_lambda_function.of["plan"].environment[0].variables)) == toset(["RINGFENCE_QUEUE_URL", "RINGFENCE_RUN_HOURS", "RINGFENCE_SETTINGS", "RINGFENCE_SETTINGS_VERSION", "RINGFENCE_STORE", "RINGFENCE_TRIES"])
    error_message = "The plan's environment."
  }
  assert {
    condition     = toset(keys(aws_lambda_function.of["scan"].environment[0].variables)) == toset(["RINGFENCE_RUN_HOURS", "RINGFENCE_SETTINGS", "RINGFENCE_SETTINGS_VERSION", "RINGFENCE_STORE", "RINGFENCE_TRIES"])
    error_message = "The scan's environment: it sends no tasks."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.of)) == toset(["dead-letters", "missing-runs", "plan-failed", "score-drop", "unread-clusters", "unread-places"])
    error_message = "The alarms that need no number from you."
  }
  assert {
    condition = aws_cloudwatch_metric_alarm.of["missing-runs"].treat_missing_data == "breaching" && (
      aws_cloudwatch_metric_alarm.of["missing-runs"].evaluation_periods == 30
    )
    error_message = "Silence is what the alarm for missing runs is about."
  }
  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && length(aws_kms_key.this) == 0 && aws_sqs_queue.of["tasks"].sqs_managed_sse_enabled
    error_message = "No topic and no key unless asked for, and encrypted all the same."
  }
  assert {
    condition     = aws_lambda_function.of["scan"].reserved_concurrent_executions == -1 && aws_lambda_event_source_mapping.tasks.scaling_config[0].maximum_concurrency == 10
    error_message = "Ten clusters at once, out of the account's common pool."
  }
  assert {
    condition     = keys(aws_s3_object.settings) == ["ringfence.yaml"]
    error_message = "The settings, and nothing beside them."
  }
}

run "asked_for" {
  command = plan
  variables {
    name          = "audit"
    files         = { "waivers.yaml" = "waivers: []", "own/team.yaml" = "controls: []" }
    enabled       = false
    time_zone     = "Europe/Berlin"
    schedule      = "rate(12 hours)"
    architecture  = "x86_64"
    scan          = { at_once = 20, reserved = 25, timeout = 600 }
    plan          = { reserved = 2 }
    run_hours     = 6
    environment   = { HTTPS_PROXY = "http://proxy.example:3128" }
    alarm_topic   = { emails = ["ops@example.com"] }
    alarm_actions = ["arn:aws:sns:eu-west-1:111122223333:other"]
    alarms        = { least_score = 70, missing_hours = 14, unread_clusters = 3 }
  }

  assert {
    condition     = aws_scheduler_schedule.of["plan"].state == "DISABLED" && aws_scheduler_schedule.of["sweep"].state == "ENABLED"
    error_message = "No new runs; those that began still end."
  }
  assert {
    condition     = aws_lambda_function.of["scan"].reserved_concurrent_executions == 25 && aws_lambda_function.of["plan"].reserved_concurrent_executions == 2
    error_message = "Concurrency is reserved."
  }
  assert {
    condition     = aws_lambda_function.of["scan"].environment[0].variables.HTTPS_PROXY == "http://proxy.example:3128"
    error_message = "Further environment."
  }
  assert {
    condition     = toset(keys(aws_s3_object.settings)) == toset(["own/team.yaml", "ringfence.yaml", "waivers.yaml"])
    error_message = "The files beside the settings."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.of["score"].threshold == 70 && aws_cloudwatch_metric_alarm.of["unread-clusters"].threshold == 3
    error_message = "Alarms as numbered."
  }
  assert {
    condition     = alltrue([for each in aws_cloudwatch_metric_alarm.of : length(each.alarm_actions) == 2])
    error_message = "Every alarm goes to the topic and to the other one."
  }
  assert {
    condition     = alltrue([for each in aws_cloudwatch_metric_alarm.of : startswith(each.alarm_name, "audit-")])
    error_message = "Everything begins with the name."
  }
}

run "no_alarms" {
  command = plan
  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.of) == 0
    error_message = "None."
  }
}
