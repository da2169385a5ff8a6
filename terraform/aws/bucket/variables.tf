variable "name" {
  description = "The bucket's name."
  type        = string
}

variable "own_key" {
  description = "Whether `kms_key_arn` encrypts, instead of S3's own key."
  type        = bool
}

variable "kms_key_arn" {
  description = "The key, where `own_key`."
  type        = string
  default     = null
}

variable "keep" {
  description = "As the module's variable of that name."
  type = object({
    days          = optional(number)
    archive_after = optional(number)
    replaced      = number
  })
}

variable "object_lock" {
  description = "As the module's variable of that name."
  type = object({
    mode = string
    days = number
  })
  default = null
}

variable "force_destroy" {
  description = "Whether destroying deletes what is in it."
  type        = bool
  default     = false
}

output "name" {
  description = "The bucket's name, once it is private, encrypted and versioned."
  value       = aws_s3_bucket.this.id

  # Nothing is to be written before.
  depends_on = [
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "arn" {
  description = "The bucket's ARN."
  value       = aws_s3_bucket.this.arn
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
}
