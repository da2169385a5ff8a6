# The role that the hub assumes in one account of an organization. member/stackset.yaml is the same for CloudFormation.

locals {
  access   = "${path.module}/../../access"
  member   = { for each in jsondecode(file("${local.access}/aws-member.json")).Statement : each.Sid => each }
  hybrid   = jsondecode(file("${local.access}/aws-hybrid.json")).Statement
  accounts = distinct([for each in var.trusted_role_arns : split(":", each)[4]])
}

resource "aws_iam_role" "this" {
  name                 = var.role_name
  description          = "ringfence reads EKS clusters and what is around them; it changes nothing"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # The account is the principal and the roles stand in a condition: a role that is made later, or made again, is meant too.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = [for each in local.accounts : "arn:${data.aws_partition.here.partition}:iam::${each}:root"] }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = var.trusted_role_arns }
        StringEquals = { "sts:ExternalId" = var.external_id }
      }
    }]
  })
}

data "aws_partition" "here" {}

resource "aws_iam_role_policy" "this" {
  name = "read"
  role = aws_iam_role.this.id
  # "*" in the files: EC2's descriptions and EKS' lists take no resource, and every region is asked.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [local.member.Clusters, local.member.Surroundings],
      var.networks ? [local.member.Networks] : [],
      var.hybrid ? local.hybrid : [],
    )
  })
}
