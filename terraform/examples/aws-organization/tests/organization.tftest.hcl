# The hub and its StackSet fit together: who is trusted, by which name, with which id.

mock_provider "aws" {
  source          = "../../aws/tests/mocks"
  override_during = plan
}

variables {
  region      = "eu-west-1"
  zip         = "main.tf" # any file: nothing is run
  units       = ["ou-ab12-11111111"]
  external_id = "twelve"
}

run "one_whole" {
  command = plan

  assert {
    condition     = aws_cloudformation_stack_set.reader.parameters.HubAccount == "111122223333"
    error_message = "The hub's account is trusted."
  }
  assert {
    condition     = aws_cloudformation_stack_set.reader.parameters.TrustedRoleArns == "${module.ringfence.roles.plan},${module.ringfence.roles.scan}"
    error_message = "Its two roles are."
  }
  assert {
    condition     = aws_cloudformation_stack_set.reader.parameters.ExternalId == "twelve" && aws_cloudformation_stack_set.reader.parameters.RoleName == "ringfence-reader"
    error_message = "The id and the name that the settings say."
  }
  assert {
    condition     = aws_cloudformation_stack_set_instance.reader.deployment_targets[0].organizational_unit_ids == toset(["ou-ab12-11111111"])
    error_message = "In the accounts of the units."
  }
}
