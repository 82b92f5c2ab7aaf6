"""What a metric is made of and what is made of it: metrics, tables, columns, dashboards."""
