output "store" {
  description = "The store's URL, for `ringfence report`."
  value       = "s3://${module.store.name}"
}

output "settings" {
  description = "The URL of the settings' folder."
  value       = "s3://${module.settings.name}"
}

output "plan_function" {
  description = "The function that plans and sweeps, to be called by hand for a first run."
  value       = aws_lambda_function.of["plan"].function_name
}

output "scan_function" {
  description = "The function that scans."
  value       = aws_lambda_function.of["scan"].function_name
}

output "queues" {
  description = "URLs: `tasks`, `dead` (scans that failed every time), `failed` (plans and sweeps that did)."
  value       = { for each, queue in aws_sqs_queue.of : each => queue.id }
}

output "roles" {
  description = "ARNs of the roles of `plan` and `scan`: members trust both; a cluster of this account gives `scan` its access entry."
  value       = { for step in ["plan", "scan"] : step => aws_iam_role.of[step].arn }
}

output "logs" {
  description = "The log groups."
  value       = { for step, group in aws_cloudwatch_log_group.of : step => group.name }
}

output "alarm_topic_arn" {
  description = "The topic that alarms go to, if one was asked for."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "alarms" {
  description = "The names of the alarms."
  value       = sort([for each in aws_cloudwatch_metric_alarm.of : each.alarm_name])
}

output "kms_key_arn" {
  description = "The key that everything is encrypted with, if not AWS' own."
  value       = local.own_key ? local.kms_key_arn : null
}

output "key_statements" {
  description = "What the policy of a key that is given has to allow besides its account, as JSON."
  value       = jsonencode(local.key_statements)
}
