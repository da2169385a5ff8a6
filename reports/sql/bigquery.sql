-- BigQuery: external tables in the data set `ringfence`, which must be in the bucket's location. Queries name no data set: give it
-- with `bq query --dataset_id=ringfence`. https://cloud.google.com/bigquery/docs/hive-partitioned-queries
CREATE SCHEMA IF NOT EXISTS ringfence;

CREATE OR REPLACE EXTERNAL TABLE ringfence.findings (
  run_id STRING,
  run_time TIMESTAMP,
  tool STRING,
  baseline STRING,
  account STRING,
  location STRING,
  cluster_id STRING,
  cluster_name STRING,
  tier STRING,
  data_plane STRING,
  data_plane_version STRING,
  enforcing STRING,
  read_state STRING,
  control_id STRING,
  family STRING,
  title STRING,
  severity STRING,
  status STRING,
  reason STRING,
  level STRING,
  fraction FLOAT64,
  finding_id STRING,
  subject STRING,
  item_status STRING,
  item_reason STRING,
  evidence ARRAY<STRING>,
  remediation STRING
)
WITH PARTITION COLUMNS (
  cloud STRING,
  day DATE
)
OPTIONS (
  format = 'PARQUET',
  enable_list_inference = true,
  hive_partition_uri_prefix = '{root}/v1/findings',
  uris = ['{root}/v1/findings/*.parquet']
);

CREATE OR REPLACE EXTERNAL TABLE ringfence.requirements (
  run_id STRING,
  run_time TIMESTAMP,
  tool STRING,
  baseline STRING,
  framework STRING,
  framework_version STRING,
  publisher STRING,
  requirement_id STRING,
  status STRING,
  clusters_fail INT64,
  clusters_unknown INT64,
  clusters_waived INT64,
  clusters_pass INT64,
  clusters_not_applicable INT64,
  clusters_not_assessed INT64,
  equal_controls ARRAY<STRING>,
  supporting_controls ARRAY<STRING>,
  gaps ARRAY<STRING>,
  note STRING
)
WITH PARTITION COLUMNS (
  day DATE
)
OPTIONS (
  format = 'PARQUET',
  enable_list_inference = true,
  hive_partition_uri_prefix = '{root}/v1/requirements',
  uris = ['{root}/v1/requirements/*.parquet']
);
