//! The derived tables: Arrow schema, Parquet, DataFusion, SQL. Rebuildable from the ledger.
