-- Synapse serverless SQL: views in a database of their own; {root} is the https address of the container or a folder in it
-- (https://ACCOUNT.dfs.core.windows.net/CONTAINER/PREFIX). A list is JSON text here: OPENJSON(evidence) takes it apart.
-- https://learn.microsoft.com/azure/synapse-analytics/sql/query-parquet-files
CREATE DATABASE ringfence COLLATE Latin1_General_100_BIN2_UTF8;
GO
USE ringfence;
GO
DROP VIEW IF EXISTS findings;
GO
CREATE VIEW findings AS
SELECT
  r.*,
  CAST(r.filepath(1) AS varchar(8000)) AS cloud,
  CAST(r.filepath(2) AS date) AS day
FROM OPENROWSET(
  BULK '{root}/v1/findings/cloud=*/day=*/*.parquet',
  FORMAT = 'PARQUET'
) WITH (
  run_id varchar(8000),
  run_time datetime2(3),
  tool varchar(8000),
  baseline varchar(8000),
  account varchar(8000),
  location varchar(8000),
  cluster_id varchar(8000),
  cluster_name varchar(8000),
  tier varchar(8000),
  data_plane varchar(8000),
  data_plane_version varchar(8000),
  enforcing varchar(8000),
  read_state varchar(8000),
  control_id varchar(8000),
  family varchar(8000),
  title varchar(8000),
  severity varchar(8000),
  status varchar(8000),
  reason varchar(8000),
  level varchar(8000),
  fraction float,
  finding_id varchar(36),
  subject varchar(8000),
  item_status varchar(8000),
  item_reason varchar(8000),
  evidence varchar(max),
  remediation varchar(max)
) AS r;
GO
DROP VIEW IF EXISTS requirements;
GO
CREATE VIEW requirements AS
SELECT
  r.*,
  CAST(r.filepath(1) AS date) AS day
FROM OPENROWSET(
  BULK '{root}/v1/requirements/day=*/*.parquet',
  FORMAT = 'PARQUET'
) WITH (
  run_id varchar(8000),
  run_time datetime2(3),
  tool varchar(8000),
  baseline varchar(8000),
  framework varchar(8000),
  framework_version varchar(8000),
  publisher varchar(8000),
  requirement_id varchar(8000),
  status varchar(8000),
  clusters_fail bigint,
  clusters_unknown bigint,
  clusters_waived bigint,
  clusters_pass bigint,
  clusters_not_applicable bigint,
  clusters_not_assessed bigint,
  equal_controls varchar(max),
  supporting_controls varchar(max),
  gaps varchar(max),
  note varchar(max)
) AS r;
GO
