-- Of each framework the newest run.
{create}
SELECT r.*
FROM {schema}requirements AS r
JOIN (
  SELECT q.framework, q.framework_version, max(q.run_id) AS run_id
  FROM {schema}requirements AS q
  GROUP BY q.framework, q.framework_version
) AS newest
  ON newest.framework = r.framework AND newest.framework_version = r.framework_version AND newest.run_id = r.run_id;
