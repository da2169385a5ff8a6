-- Of these the newest day of each cloud.
{create}
SELECT f.*
FROM {schema}findings_by_day AS f
JOIN (SELECT g.cloud, max(g.day) AS day FROM {schema}findings AS g GROUP BY g.cloud) AS newest
  ON newest.cloud = f.cloud AND newest.day = f.day;
