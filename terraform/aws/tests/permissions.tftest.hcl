# What the roles may do, as it follows from the settings. No server: the provider is mocked, the policies are ours.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan # ARNs are known at plan time, so that policies can be looked at
}

variables {
  zip      = "main.tf" # any file: nothing is run
  settings = "sources: [{aws: {}}]"
}

run "one_account" {
  command = plan

  assert {
    condition = toset(flatten([for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Action])) == toset(concat(
      flatten([for each in jsondecode(file("../access/aws-member.json")).Statement : each.Action if each.Sid != "Networks"]),
      ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"],
    ))
    error_message = "The plan reads EKS and its surroundings, and uses the store, the queues and its log; nothing else."
  }
  assert {
    condition = toset(flatten([for each in jsondecode(aws_iam_role_policy.scan.policy).Statement : each.Action])) == toset([
      "eks:DescribeCluster", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents",
      "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
    ])
    error_message = "The scan finds the way in to clusters of its account, and uses the store, its queue and its log; nothing else."
  }
  assert {
    condition     = [for each in jsondecode(aws_iam_role_policy.scan.policy).Statement : each.Sid if each.Resource == "*"] == []
    error_message = "The scan may do nothing everywhere."
  }
  assert {
    condition = toset([
      for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Sid if each.Resource == "*"
    ]) == toset(["Clusters", "Surroundings"])
    error_message = "Of the plan, only what takes no resource is allowed everywhere."
  }
  assert {
    condition = toset(flatten([
      for each in jsondecode(aws_iam_role_policy.schedule.policy).Statement : each.Action
    ])) == toset(["lambda:InvokeFunction", "sqs:SendMessage"])
    error_message = "The schedule calls one function, and keeps what failed."
  }
  assert {
    condition = alltrue([
      for each in flatten([for policy in [aws_iam_role_policy.plan, aws_iam_role_policy.scan, aws_iam_role_policy.schedule] : [
        for statement in jsondecode(policy.policy).Statement : statement.Action
      ]]) : !strcontains(each, "*") && !startswith(each, "secretsmanager:") && !strcontains(each, "Delete") || each == "sqs:DeleteMessage"
    ])
    error_message = "No action is a wildcard, and nothing is deleted but messages."
  }
  assert {
    condition     = length(aws_iam_role_policy.interfaces) == 0 && aws_lambda_function.of["scan"].tracing_config[0].mode == "PassThrough"
    error_message = "Neither a VPC nor tracing unless asked for."
  }
}

run "named_accounts" {
  command = plan
  variables {
    settings = "sources: [{aws: {accounts: ['444455556666', '777788889999'], role: ringfence-reader, network: false}}]"
  }

  assert {
    condition = {
      for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Sid => each.Resource if contains(each.Action, "sts:AssumeRole")
    } == { Roles = ["arn:aws:iam::444455556666:role/ringfence-reader", "arn:aws:iam::777788889999:role/ringfence-reader"] }
    error_message = "The role of the named accounts may be assumed, and no other."
  }
  assert {
    condition = {
      for each in jsondecode(aws_iam_role_policy.scan.policy).Statement : each.Sid => each.Resource if contains(each.Action, "sts:AssumeRole")
    } == { Roles = ["arn:aws:iam::444455556666:role/ringfence-reader", "arn:aws:iam::777788889999:role/ringfence-reader"] }
    error_message = "So it is for the scan."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.plan.policy, "ec2:DescribeVpcs") && !strcontains(aws_iam_role_policy.plan.policy, "organizations:")
    error_message = "Neither the network nor an organization is asked."
  }
}

run "organization" {
  command = plan
  variables {
    settings = "sources: [{aws: {organization: true, role: /audit/reader, externalId: twelve}}]"
  }

  assert {
    condition = [
      for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Resource if contains(each.Action, "sts:AssumeRole")
    ] == [["arn:aws:iam::*:role/audit/reader"]]
    error_message = "One role's name, in whichever account is a member."
  }
  assert {
    condition = [
      for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Action if each.Sid == "Accounts"
    ] == [["organizations:ListAccounts"]]
    error_message = "The accounts are listed, and no units."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.scan.policy, "organizations:")
    error_message = "The scan asks no organization."
  }
}

run "units" {
  command = plan
  variables {
    settings = "sources: [{aws: {organization: true, organizationalUnits: [ou-ab12-11111111], role: r}}, {gcp: {}}]"
  }

  assert {
    condition = [
      for each in jsondecode(aws_iam_role_policy.plan.policy).Statement : each.Action if each.Sid == "Accounts"
    ] == [["organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent"]]
    error_message = "Units and their accounts are listed."
  }
}

run "another_cloud" {
  command = plan
  variables {
    settings = "sources: [{gcp: {projects: [p]}}]"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.plan.policy, "eks:") && !strcontains(aws_iam_role_policy.plan.policy, "sts:")
    error_message = "Without AWS among the sources, nothing of AWS is read."
  }
}

run "everything_on" {
  command = plan
  variables {
    encryption  = "create"
    tracing     = true
    vpc         = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    object_lock = { mode = "COMPLIANCE", days = 30 }
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.plan, aws_iam_role_policy.scan, aws_iam_role_policy.schedule] : contains([
        for each in jsondecode(policy.policy).Statement : each.Resource if contains(each.Action, "kms:Decrypt")
      ], "arn:aws:kms:eu-west-1:111122223333:key/own")
    ])
    error_message = "Each role may use the one key."
  }
  assert {
    condition     = length([for each in jsondecode(aws_kms_key.this[0].policy).Statement : each if try(each.Principal.AWS, "") == "*"]) == 0
    error_message = "The key is not everybody's."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.interfaces[0].policy).Statement[1].Condition.ArnEquals["lambda:SourceFunctionArn"] == "arn:aws:lambda:eu-west-1:111122223333:function:ringfence-scan"
    error_message = "The function's own code makes no interfaces."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.scan.policy, "xray:PutTraceSegments")
    error_message = "Tracing is allowed where it is on."
  }
  assert {
    condition     = aws_lambda_function.of["scan"].vpc_config[0].subnet_ids == toset(["subnet-1"]) && length(aws_lambda_function.of["plan"].vpc_config) == 0
    error_message = "Scans run in the VPC; the plan, which enters no cluster, does not."
  }
}
