# Who is told, and of what. Numbers of runs are read from the lines that the functions write (functions/scheduled/news.py).

locals {
  # The host may put words before a line.
  lines   = <<-E
    AppTraces
    | where AppRoleName =~ "${local.app}" and Message has "severity"
    | extend line = parse_json(extract(@"\{.*\}", 0, Message))
  E
  reports = "${local.lines}| where toint(line.Reports) == 1\n"

  # Each query's rows are what is wrong: one is enough. `hours`: how far back; `minutes`: how often it is asked.
  alerts = merge(
    {
      failed = {
        query    = "${local.lines}| where tostring(line.severity) == \"ERROR\"\n| project TimeGenerated, what = tostring(line.message)\n| union (AppRequests | where AppRoleName =~ \"${local.app}\" and Success == false | project TimeGenerated, what = Name)\n"
        every    = "PT15M"
        back     = "PT30M"
        severity = 2
        text     = "A step failed. What may pass is tried again; the line in the logs says what is wrong and how to mend it."
      }
      dead-letters = {
        query    = "StorageQueueLogs\n| where AccountName == \"${local.host_account}\" and OperationName == \"PutMessage\" and StatusText == \"Success\"\n| where Uri has \"${local.queue}\" and Uri contains \"-poison/\"\n"
        every    = "PT15M"
        back     = "PT30M"
        severity = 1
        text     = "A message failed every time it was tried, and was moved to a queue whose name ends in -poison."
      }
      unread-clusters = {
        query    = "${local.reports}| where toint(line.UnreadClusters) > ${var.alerts.unread_clusters}\n"
        every    = "PT15M"
        back     = "PT30M"
        severity = 2
        text     = "Clusters of the last run could not be read; the report names each with its reason."
      }
      unread-places = {
        query    = "${local.reports}| where toint(line.UnreadPlaces) > ${var.alerts.unread_places}\n"
        every    = "PT15M"
        back     = "PT30M"
        severity = 2
        text     = "Subscriptions of the last run could not be read whole: clusters may be missing from the report."
      }
    },
    var.alerts.missing_hours == 0 ? {} : {
      missing-runs = {
        query    = "${local.reports}| where TimeGenerated > ago(${var.alerts.missing_hours}h)\n| summarize reports = count()\n| where reports == 0\n"
        every    = "PT1H"
        back     = "P2D"
        severity = 1
        text     = "No run ended in a report within ${var.alerts.missing_hours} hours."
      }
    },
    var.alerts.drop == 0 ? {} : {
      score-drop = {
        query    = "${local.reports}| project TimeGenerated, score = todouble(line.Score)\n| order by TimeGenerated desc\n| extend before = next(score)\n| top 1 by TimeGenerated desc\n| where before - score > ${var.alerts.drop}\n| project score, before\n"
        every    = "PT1H"
        back     = "P2D"
        severity = 2
        text     = "The fleet's score fell by more than ${var.alerts.drop} points from one run to the next."
      }
    },
    var.alerts.least_score == null ? {} : {
      least-score = {
        query    = "${local.reports}| where todouble(line.Score) < ${var.alerts.least_score}\n"
        every    = "PT15M"
        back     = "PT30M"
        severity = 2
        text     = "The fleet's score is below ${var.alerts.least_score}."
      }
    },
  )
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "of" {
  for_each            = { for name, each in local.alerts : name => each if var.alerts.enabled }
  name                = "${var.name}-${each.key}"
  resource_group_name = local.group
  location            = local.location
  tags                = var.tags

  display_name          = "${var.name}: ${each.key}"
  description           = "${each.value.text} What to do: docs/operate-azure.md, ${each.key}."
  severity              = each.value.severity
  scopes                = [azurerm_log_analytics_workspace.this.id]
  evaluation_frequency  = each.value.every
  window_duration       = each.value.back
  skip_query_validation = true # before the first run there are no such tables

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = concat(azurerm_monitor_action_group.this[*].id, var.action_groups)
  }
}

resource "azurerm_monitor_action_group" "this" {
  count               = length(var.alert_emails) == 0 ? 0 : 1
  name                = var.name
  resource_group_name = local.group
  short_name          = substr(var.name, 0, 12)
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = var.alert_emails
    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}
