// Package tables shows what an export holds as tables, for whoever uses it
// afterwards: as queries for DuckDB and Athena over the files as they are, and
// as Parquet. Nothing of it is needed to read the export, and nothing in it
// replaces the records, which stay as the platform sent them.
package tables
