-- Of each cluster and day the newest run: a day may have several, and several functions may each read some of the clusters.
{create}
SELECT f.*
FROM {schema}findings AS f
JOIN (
  SELECT g.day, g.cloud, g.cluster_id, max(g.run_id) AS run_id
  FROM {schema}findings AS g
  GROUP BY g.day, g.cloud, g.cluster_id
) AS newest
  ON newest.day = f.day AND newest.cloud = f.cloud AND newest.cluster_id = f.cluster_id AND newest.run_id = f.run_id;
