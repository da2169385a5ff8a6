# Two functions of one zip. plan: discovers, writes run.json, sends tasks; also sweeps. scan: one cluster.

locals {
  environment = merge(var.environment, {
    RINGFENCE_STORE     = "s3://${module.store.name}"
    RINGFENCE_SETTINGS  = "s3://${module.settings.name}"
    RINGFENCE_RUN_HOURS = tostring(var.run_hours)
    RINGFENCE_TRIES     = tostring(var.tries)
    # Settings are read once for each instance: another text makes other instances.
    RINGFENCE_SETTINGS_VERSION = substr(sha256(jsonencode(merge(var.files, { "ringfence.yaml" = var.settings }))), 0, 16)
  })
}

locals {
  functions = {
    plan = {
      description = "Finds clusters and sends a task for each; ends runs whose time is over"
      size        = var.plan
      environment = { RINGFENCE_QUEUE_URL = aws_sqs_queue.of["tasks"].id }
      vpc         = null # enters no cluster
    }
    scan = {
      description = "Reads and judges one cluster; makes the report after the last"
      size        = var.scan
      environment = {}
      vpc         = var.vpc
    }
  }
}

resource "aws_cloudwatch_log_group" "of" {
  for_each          = toset(["plan", "scan"]) # before the functions, which would make them without an end
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = local.own_key ? local.kms_key_arn : null

  tags = var.tags
}

resource "aws_lambda_function" "of" {
  for_each                       = local.functions
  function_name                  = "${var.name}-${each.key}"
  description                    = each.value.description
  role                           = aws_iam_role.of[each.key].arn
  filename                       = var.zip
  source_code_hash               = filebase64sha256(var.zip)
  handler                        = "functions.aws.handler"
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  timeout                        = each.value.size.timeout
  memory_size                    = each.value.size.memory
  reserved_concurrent_executions = coalesce(each.value.size.reserved, -1)
  kms_key_arn                    = local.own_key ? local.kms_key_arn : null

  environment {
    variables = merge(local.environment, each.value.environment)
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.of[each.key].name
    application_log_level = "INFO" # of which the lines with metrics are
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tags = var.tags

  # A function that is called before it may do anything fails for no reason of its own.
  depends_on = [aws_iam_role_policy.plan, aws_iam_role_policy.scan, aws_iam_role_policy.interfaces, aws_s3_object.settings]
}

resource "aws_lambda_event_source_mapping" "tasks" {
  event_source_arn        = aws_sqs_queue.of["tasks"].arn
  function_name           = aws_lambda_function.of["scan"].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.scan.at_once
  }

  tags = var.tags
}

# A plan or sweep that failed is tried twice more, and then kept with its event and error.
resource "aws_lambda_function_event_invoke_config" "plan" {
  function_name                = aws_lambda_function.of["plan"].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.of["failed"].arn
    }
  }
}
