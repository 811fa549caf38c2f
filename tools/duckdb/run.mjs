// Runs the queries of an export with DuckDB, as somebody would who has received
// it, and prints what the last of them yields, a JSON object a line.
//
//     node run.mjs EXPORT [QUERY...]
//
// EXPORT is the folder of the export. Each QUERY is run after its
// root/data/queries.sql, and what it yields is printed instead.
import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder, ...queries] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node run.mjs EXPORT [QUERY...]');
  process.exit(64);
}
process.chdir(folder); // the patterns are relative to it
const database = await DuckDBInstance.create(':memory:');
const connection = await database.connect();
const script = await readFile('root/data/queries.sql', 'utf8');
for (const [i, query] of [script, ...queries].entries()) {
  const answer = await connection.runAndReadAll(query);
  if (i === 0 && queries.length > 0) continue;
  for (const row of answer.getRowObjectsJS()) console.log(JSON.stringify(row, plain));
}

// A count is a 64-bit integer, which JSON.stringify does not take.
function plain(_, value) {
  return typeof value === 'bigint' ? Number(value) : value;
}
