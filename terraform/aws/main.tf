# ringfence on a schedule in one AWS account: Scheduler -> plan -> SQS -> scan -> S3. What calls what: docs/operate-aws.md.

data "aws_caller_identity" "here" {}

data "aws_region" "here" {}

data "aws_partition" "here" {}

locals {
  account   = data.aws_caller_identity.here.account_id
  region    = data.aws_region.here.name
  partition = data.aws_partition.here.partition

  # ARNs made of names: roles and policies name each other before any of them is made.
  arns = {
    plan  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-plan"
    scan  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-scan"
    group = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${var.name}"
  }

  own_key     = var.encryption != "aws"
  kms_key_arn = var.encryption == "create" ? aws_kms_key.this[0].arn : var.kms_key_arn

  # What the settings ask of AWS decides what the roles may do: a role named there is one that may be assumed, and no other.
  sources = [for each in try(yamldecode(var.settings).sources, []) : each.aws if can(keys(each.aws))]
  asks = {
    organization = anytrue([for each in local.sources : try(each.organization, false)])
    units        = anytrue([for each in local.sources : try(length(each.organizationalUnits) > 0, false)])
    surroundings = anytrue([for each in local.sources : try(each.network, true)])
    roles = distinct(flatten([
      for each in local.sources : [
        for account in(try(each.organization, false) ? ["*"] : try(tolist(each.accounts), [])) :
        "arn:${local.partition}:iam::${account}:role/${trimprefix(each.role, "/")}"
      ] if try(each.role, "") != ""
    ]))
  }
}

module "store" {
  source        = "./bucket"
  name          = coalesce(var.store_bucket, "${var.name}-${local.account}-${local.region}")
  own_key       = local.own_key
  kms_key_arn   = local.kms_key_arn
  keep          = var.keep
  object_lock   = var.object_lock
  force_destroy = var.delete_runs_on_destroy
  tags          = var.tags
}

# A bucket of its own: the functions read it and cannot write it, and the store's object lock and age do not hold for it.
module "settings" {
  source        = "./bucket"
  name          = "${coalesce(var.store_bucket, "${var.name}-${local.account}-${local.region}")}-settings"
  own_key       = local.own_key
  kms_key_arn   = local.kms_key_arn
  keep          = { replaced = 365 } # who changed what, for a year
  tags          = var.tags
  force_destroy = true # all that is in it comes from here
}

resource "aws_s3_object" "settings" {
  for_each = merge(var.files, { "ringfence.yaml" = var.settings })
  bucket   = module.settings.name
  key      = each.key
  content  = each.value
  # Of the text, since with a KMS key the object's ETag is no checksum.
  source_hash            = sha256(each.value)
  content_type           = "text/plain; charset=utf-8"
  server_side_encryption = local.own_key ? "aws:kms" : "AES256"
  kms_key_id             = local.own_key ? local.kms_key_arn : null
}
