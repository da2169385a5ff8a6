# tasks: one message for each cluster. dead: scans that failed every time. failed: plans and sweeps that did.

locals {
  two_weeks = 1209600 # SQS keeps nothing longer; time to look at what failed

  queues = {
    # Hidden six times as long as a scan may last, as Lambda's guide to SQS says: throttled batches are tried again within it.
    tasks  = { hidden = 6 * var.scan.timeout, kept = 86400 } # no run lasts longer than a day
    dead   = { hidden = 30, kept = local.two_weeks }
    failed = { hidden = 30, kept = local.two_weeks }
  }
}

resource "aws_sqs_queue" "of" {
  for_each                          = local.queues
  name                              = "${var.name}-${each.key}"
  visibility_timeout_seconds        = each.value.hidden
  message_retention_seconds         = each.value.kept
  sqs_managed_sse_enabled           = local.own_key ? null : true
  kms_master_key_id                 = local.own_key ? local.kms_key_arn : null
  kms_data_key_reuse_period_seconds = local.own_key ? 3600 : null

  tags = var.tags
}

resource "aws_sqs_queue_redrive_policy" "tasks" {
  queue_url = aws_sqs_queue.of["tasks"].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.of["dead"].arn
    maxReceiveCount     = var.tries # the scan's RINGFENCE_TRIES: it says "unread" instead of failing the last time
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.of["dead"].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.of["tasks"].arn]
  })
}

resource "aws_sqs_queue_policy" "tls" {
  for_each  = aws_sqs_queue.of
  queue_url = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PlainHttp"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*" # a denial: every action, everybody
      Resource  = each.value.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
