# The member's role: what it may do, and who may be it.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  trusted_role_arns = ["arn:aws:iam::111122223333:role/ringfence-plan", "arn:aws:iam::111122223333:role/ringfence-scan"]
  external_id       = "twelve"
}

run "usual" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      for each in jsondecode(file("../../access/aws-member.json")).Statement : each if each.Sid != "Networks"
    ]
    error_message = "What discovery asks, and nothing for `ringfence network`."
  }
  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::111122223333:root"] }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/ringfence-plan", "arn:aws:iam::111122223333:role/ringfence-scan"] }
        StringEquals = { "sts:ExternalId" = "twelve" }
      }
    }]
    error_message = "The two roles, with the external id."
  }
}

run "everything" {
  command = plan
  variables {
    networks = true
    hybrid   = true
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == concat(
      jsondecode(file("../../access/aws-member.json")).Statement, jsondecode(file("../../access/aws-hybrid.json")).Statement,
    )
    error_message = "All of both files."
  }
}

run "anybody" {
  command = plan
  variables {
    trusted_role_arns = ["arn:aws:iam::111122223333:role/*"]
  }
  expect_failures = [var.trusted_role_arns]
}

run "nobody" {
  command = plan
  variables {
    trusted_role_arns = []
  }
  expect_failures = [var.trusted_role_arns]
}

run "a_short_id" {
  command = plan
  variables {
    external_id = "x"
  }
  expect_failures = [var.external_id]
}

run "a_role_by_arn" {
  command = plan
  variables {
    role_name = "arn:aws:iam::444455556666:role/reader"
  }
  expect_failures = [var.role_name]
}
