"""What Cloud Run functions load: entry points `plan`, `scan` and `sweep`, each for CloudEvents of its own topic."""

import functions_framework

from functions import gcp

plan = functions_framework.cloud_event(gcp.plan)
scan = functions_framework.cloud_event(gcp.scan)
sweep = functions_framework.cloud_event(gcp.sweep)
