# An organization: the hub in the account of this provider, and the reading role in every account of some units by a StackSet.
# The account has to be the management account, or a delegated administrator of CloudFormation StackSets, and may list accounts.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region
}

locals {
  role = "ringfence-reader"
}

module "ringfence" {
  source = "../../aws"
  zip    = var.zip
  settings = templatefile("${path.module}/ringfence.yaml.tftpl", {
    external_id = var.external_id
    role        = local.role
  })

  encryption  = "create"
  object_lock = { mode = "GOVERNANCE", days = 365 }
  scan        = { at_once = 50, timeout = 600 }
  tries       = 2
  vpc         = var.vpc
  alarm_topic = { emails = var.emails }
}

resource "aws_cloudformation_stack_set" "reader" {
  name             = local.role
  description      = "The role that ringfence reads EKS clusters with"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.delegated ? "DELEGATED_ADMIN" : "SELF"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/../../aws/member/stackset.yaml")
  parameters = {
    HubAccount      = split(":", module.ringfence.roles.plan)[4]
    TrustedRoleArns = join(",", [module.ringfence.roles.plan, module.ringfence.roles.scan])
    ExternalId      = var.external_id
    RoleName        = local.role
  }

  auto_deployment {
    enabled                          = true # accounts that come later have the role too
    retain_stacks_on_account_removal = false
  }

  lifecycle {
    ignore_changes = [administration_role_arn] # of the other permission model; the provider invents one
  }
}

resource "aws_cloudformation_stack_set_instance" "reader" {
  stack_set_name = aws_cloudformation_stack_set.reader.name
  region         = var.region # roles are global: one region will do
  call_as        = aws_cloudformation_stack_set.reader.call_as

  deployment_targets {
    organizational_unit_ids = var.units
  }
}
