# Who may do what, action by action. What reading AWS needs stands in terraform/access, which a test holds against the program.

locals {
  access = "${path.module}/../access"
  member = { for each in jsondecode(file("${local.access}/aws-member.json")).Statement : each.Sid => each }
  hub    = { for each in jsondecode(file("${local.access}/aws-hub.json")).Statement : each.Sid => each }

  trusted = {
    plan     = { service = "lambda", condition = {} }
    scan     = { service = "lambda", condition = {} }
    schedule = { service = "scheduler", condition = { ArnEquals = { "aws:SourceArn" = local.arns.group }, StringEquals = { "aws:SourceAccount" = local.account } } }
  }

  # Runs are written and read, and never deleted. Listing tells which clusters have a result yet.
  use_store = [
    {
      Sid      = "Store"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${module.store.arn}/v1/*" # every key of the store's layout is below v1/
    },
    {
      Sid      = "Settings"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "${module.settings.arn}/*" # the whole bucket is the settings' folder
    },
    {
      Sid      = "Listing"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [module.store.arn, module.settings.arn]
    },
  ]

  use_key = [for arn in local.own_key ? [local.kms_key_arn] : [] : {
    Sid      = "Key"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = arn
  }]

  use_tracing = [for each in var.tracing ? ["on"] : [] : {
    Sid      = "Tracing"
    Effect   = "Allow"
    Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    Resource = "*" # X-Ray has no resources that these could be narrowed to
  }]

  log_to = {
    for step in ["plan", "scan"] : step => {
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.of[step].arn}:*" # streams are named by Lambda
    }
  }

  # With organization: true any account may be a member; the role's name, and the trust policy there, decide.
  assume = [for each in length(local.asks.roles) > 0 ? [local.hub.Roles] : [] : merge(each, { Resource = local.asks.roles })]

  # EKS' and EC2's lists and descriptions take no resource, or are asked in every region: "*" as in the file.
  discover = concat(
    length(local.sources) > 0 ? [local.member.Clusters] : [],
    local.asks.surroundings && length(local.sources) > 0 ? [local.member.Surroundings] : [],
    local.asks.organization ? [merge(local.hub.Accounts, {
      # Units are asked only where the settings name some.
      Action = [for action in local.hub.Accounts.Action : action if local.asks.units != (action == "organizations:ListAccounts")]
    })] : [],
  )
}

resource "aws_iam_role" "of" {
  for_each             = local.trusted
  name                 = "${var.name}-${each.key}"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge({
      Effect    = "Allow"
      Principal = { Service = "${each.value.service}.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }, length(each.value.condition) > 0 ? { Condition = each.value.condition } : {})]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "plan" {
  name = "plan"
  role = aws_iam_role.of["plan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.discover, local.assume, local.use_store, local.use_key, local.use_tracing, [local.log_to.plan], [
      {
        Sid      = "Queues"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.of["tasks"].arn, aws_sqs_queue.of["failed"].arn] # tasks; what failed, sent by Lambda as this role
      },
    ])
  })
}

resource "aws_iam_role_policy" "scan" {
  name = "scan"
  role = aws_iam_role.of["scan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.assume, local.use_store, local.use_key, local.use_tracing, [local.log_to.scan], [
      {
        Sid      = "WayIn"
        Effect   = "Allow"
        Action   = ["eks:DescribeCluster"]
        Resource = "arn:${local.partition}:eks:*:${local.account}:cluster/*" # of this account, in every region
      },
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"] # what Lambda's poller needs
        Resource = aws_sqs_queue.of["tasks"].arn
      },
    ])
  })
}

# Lambda's network interfaces in a VPC. Lambda makes them as this role; the function's own code may not.
resource "aws_iam_role_policy" "interfaces" {
  count = var.vpc == null ? 0 : 1
  name  = "interfaces"
  role  = aws_iam_role.of["scan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Interfaces"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*" # Lambda checks them before there is an interface to name
      },
      {
        Sid    = "NotTheCode"
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = "*"
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.arns.scan } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "schedule"
  role = aws_iam_role.of["schedule"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.use_key, [
      {
        Sid      = "Invoke"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = local.arns.plan
      },
      {
        Sid      = "Failed"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = aws_sqs_queue.of["failed"].arn
      },
    ])
  })
}
