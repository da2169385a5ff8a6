-- Athena (engine 3): run each statement by itself. Partitions are projected, so no crawler and no MSCK REPAIR is needed;
-- `day` is text here (2026-11-23), which compares and sorts as a date does.
-- https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
CREATE DATABASE IF NOT EXISTS ringfence;

CREATE EXTERNAL TABLE IF NOT EXISTS ringfence.findings (
  `run_id` string,
  `run_time` timestamp,
  `tool` string,
  `baseline` string,
  `account` string,
  `location` string,
  `cluster_id` string,
  `cluster_name` string,
  `tier` string,
  `data_plane` string,
  `data_plane_version` string,
  `enforcing` string,
  `read_state` string,
  `control_id` string,
  `family` string,
  `title` string,
  `severity` string,
  `status` string,
  `reason` string,
  `level` string,
  `fraction` double,
  `finding_id` string,
  `subject` string,
  `item_status` string,
  `item_reason` string,
  `evidence` array<string>,
  `remediation` string
)
PARTITIONED BY (`cloud` string, `day` string)
STORED AS PARQUET
LOCATION '{root}/v1/findings/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.cloud.type' = 'enum',
  'projection.cloud.values' = 'aws,gcp,azure,other,fleet',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy-MM-dd',
  'projection.day.range' = '2026-01-01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = '{root}/v1/findings/cloud=${cloud}/day=${day}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS ringfence.requirements (
  `run_id` string,
  `run_time` timestamp,
  `tool` string,
  `baseline` string,
  `framework` string,
  `framework_version` string,
  `publisher` string,
  `requirement_id` string,
  `status` string,
  `clusters_fail` bigint,
  `clusters_unknown` bigint,
  `clusters_waived` bigint,
  `clusters_pass` bigint,
  `clusters_not_applicable` bigint,
  `clusters_not_assessed` bigint,
  `equal_controls` array<string>,
  `supporting_controls` array<string>,
  `gaps` array<string>,
  `note` string
)
PARTITIONED BY (`day` string)
STORED AS PARQUET
LOCATION '{root}/v1/requirements/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy-MM-dd',
  'projection.day.range' = '2026-01-01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = '{root}/v1/requirements/day=${day}/'
);
