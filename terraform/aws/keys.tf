# The KMS key, where one is wanted, and what the policy of a given one has to allow.

locals {
  # For the services that act on their own; our roles are allowed by the account and their policies.
  key_statements = [
    {
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.${local.region}.amazonaws.com" }
      # With the wildcards of CloudWatch Logs' guide ("Encrypt log data using KMS"): it does not say which of each it calls.
      Action    = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*" # in a key's policy: this key
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-*" } }
    },
    {
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    },
  ]
}

resource "aws_kms_key" "this" {
  count                   = var.encryption == "create" ? 1 : 0
  description             = "${var.name}: runs, settings, tasks and logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*" # KMS' own default: without it nobody could manage the key, or allow its use by IAM policies
        Resource  = "*"
      },
    ], local.key_statements)
  })

  tags = var.tags
}

resource "aws_kms_alias" "this" {
  count         = var.encryption == "create" ? 1 : 0
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this[0].key_id
}
