-- DuckDB: views over the files of a store, {root}. A bucket needs INSTALL httpfs (s3://, gs://) or azure (az://) and a secret:
-- CREATE SECRET (TYPE s3, PROVIDER credential_chain); Nothing is copied: a query reads the partitions and columns that it names.
CREATE OR REPLACE VIEW findings AS
SELECT *
FROM read_parquet(
  '{root}/v1/findings/*/*/*.parquet',
  hive_partitioning = true,
  hive_types = {'cloud': VARCHAR, 'day': DATE},
  union_by_name = true
);

CREATE OR REPLACE VIEW requirements AS
SELECT *
FROM read_parquet(
  '{root}/v1/requirements/*/*.parquet',
  hive_partitioning = true,
  hive_types = {'day': DATE},
  union_by_name = true
);
