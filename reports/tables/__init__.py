"""The report as tables: what their columns are (`schema`), their rows (`rows`), and columns of values (`columns`).

From these come pandas frames (`frames`, the extra `exports`), Arrow and Parquet (`arrow`, the extra `parquet`), CSV and XLSX
(`reports.exports`) and the definitions for SQL (`reports.sql`): one set of rows, whatever they are written as.
"""
