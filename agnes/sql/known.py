"""What one build of DuckDB has. `make lock` writes this, by scripts/duckdb_names.py."""

from __future__ import annotations

BUILD = ("d54cbbe3df", "core_functions", "icu", "json", "parquet")
FUNCTIONS = frozenset(
    """
    __internal_barrier __internal_compress_geometry_point __internal_compress_integral_ubigint
    __internal_compress_integral_uinteger __internal_compress_integral_usmallint
    __internal_compress_integral_utinyint __internal_compress_string_hugeint
    __internal_compress_string_ubigint __internal_compress_string_uhugeint
    __internal_compress_string_uinteger __internal_compress_string_usmallint
    __internal_compress_string_utinyint __internal_compressed_materialization_cast
    __internal_decompress_geometry_point __internal_decompress_integral_bigint
    __internal_decompress_integral_hugeint __internal_decompress_integral_integer
    __internal_decompress_integral_smallint __internal_decompress_integral_ubigint
    __internal_decompress_integral_uhugeint __internal_decompress_integral_uinteger
    __internal_decompress_integral_usmallint __internal_decompress_string
    __internal_json_copy_to_geojson __internal_json_copy_to_json __internal_tablefilter_bloom_filter
    __internal_tablefilter_dynamic __internal_tablefilter_optional
    __internal_tablefilter_prefix_range __internal_tablefilter_selectivity_optional
    current_connection_id current_query current_query_id current_transaction_id currval error
    gen_random_uuid nextval random setseed setval sleep_ms stats uuid uuidv4 uuidv7 vector_type
    write_log
    """.split()
)
TABLE_FUNCTIONS = frozenset(
    """
    add_parquet_key arrow_scan arrow_scan_dumb checkpoint collations copy_database
    create_external_resource database_list database_size deregister_external_resource
    destroy_external_resource disable_checkpoint_on_shutdown disable_logging disable_object_cache
    disable_optimizer disable_print_progress_bar disable_profile disable_profiling
    disable_progress_bar disable_verification disable_verify_parallelism
    duckdb_approx_database_count duckdb_available_metrics duckdb_columns duckdb_connection_count
    duckdb_constraints duckdb_coordinate_systems duckdb_databases duckdb_dependencies
    duckdb_dialects duckdb_eviction_queues duckdb_extension_repositories duckdb_extensions
    duckdb_external_file_cache duckdb_external_resource_types duckdb_external_resources
    duckdb_functions duckdb_grammar_extensions duckdb_indexes duckdb_keywords duckdb_log_contexts
    duckdb_logs duckdb_logs_parsed duckdb_memory duckdb_optimizers duckdb_prepared_statements
    duckdb_profiling_settings duckdb_schemas duckdb_secret_type_parameters duckdb_secret_types
    duckdb_secrets duckdb_sequences duckdb_settings duckdb_table_sample duckdb_tables
    duckdb_temporary_files duckdb_triggers duckdb_types duckdb_variables duckdb_views
    enable_checkpoint_on_shutdown enable_logging enable_object_cache enable_optimizer
    enable_print_progress_bar enable_profile enable_profiling enable_progress_bar
    enable_verification extension_versions force_checkpoint functions generate_series glob histogram
    histogram_values icu_calendar_names import_database json_each json_execute_serialized_sql
    json_tree metadata_info pandas_scan parquet_bloom_probe parquet_file_metadata
    parquet_full_metadata parquet_kv_metadata parquet_metadata parquet_scan parquet_schema
    pg_timezone_names platform pragma_collations pragma_database_size pragma_metadata_info
    pragma_platform pragma_show pragma_storage_info pragma_table_info pragma_user_agent
    pragma_version python_arrow_scan python_map_function query query_table range read_blob read_csv
    read_csv_auto read_duckdb read_json read_json_auto read_json_objects read_json_objects_auto
    read_ndjson read_ndjson_auto read_ndjson_objects read_parquet read_single_csv_file
    read_single_json_file read_single_parquet_file read_text register_external_resource
    register_external_resource_type repeat repeat_row seq_scan show show_databases show_tables
    show_tables_expanded sniff_csv storage_info summary table_info test_all_types test_vector_types
    truncate_duckdb_logs unnest user_agent verify_parallelism version which_secret
    """.split()
)
VIEWS = frozenset(
    """
    duckdb_columns duckdb_constraints duckdb_databases duckdb_indexes duckdb_logs duckdb_schemas
    duckdb_tables duckdb_types duckdb_views pg_am pg_attrdef pg_attribute pg_class pg_collation
    pg_constraint pg_database pg_depend pg_description pg_enum pg_index pg_indexes pg_namespace
    pg_prepared_statements pg_proc pg_sequence pg_sequences pg_settings pg_tables pg_tablespace
    pg_type pg_views pragma_database_list sqlite_master sqlite_schema sqlite_temp_master
    sqlite_temp_schema
    """.split()
)
