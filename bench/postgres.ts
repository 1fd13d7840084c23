import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../src/config/load.ts";
import type { PostgresSaveOptions } from "../src/storages/postgres/index.ts";
import { PostgresStorage } from "../src/storages/postgres/index.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";
import { peer } from "./postgres/peers.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function settings({ folder }: BenchContext) {
  return { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always", DB_IDLE: "5s" };
}

/** All cases share one embedded server, in the folder of the run. */
function openStorage(context: BenchContext): PostgresStorage {
  return new PostgresStorage({ config: parseConfig(settings(context)), logger: silent });
}

/** The test table for the peers: as CSV, as Arrow, and as the table \`read\`. */
async function prepareShared(context: BenchContext, storage: PostgresStorage): Promise<void> {
  const path = join(context.folder, "data", "rows.csv");
  if (existsSync(path)) return;
  await mkdir(join(context.folder, "data"), { recursive: true });
  const data = testTable(context.rows);
  await data.lazy().sinkIpc(join(context.folder, "rows.arrow"), { compression: "uncompressed" }).collect();
  await data.lazy().sinkCSV(path, { maintainOrder: true }).collect();
  await storage.saver().saveData(data, "read");
}

function saving(table: string, fresh: boolean, options: PostgresSaveOptions = {}) {
  return async (context: BenchContext): Promise<Prepared> => {
    const storage = openStorage(context);
    await prepareShared(context, storage);
    const saver = storage.saver();
    const data = testTable(context.rows);
    if (!fresh) await saver.saveData(data, table);
    return {
      before: async () => {
        if (fresh) await saver.deleteData(table);
        // The space of replaced rows is used again once PostgreSQL's vacuum has run, as it does by itself.
        await onServer(storage, ...(fresh ? [] : [`VACUUM ${table}`]), "CHECKPOINT");
      },
      run: () => saver.saveData(data, table, options),
      close: () => storage.close(),
    };
  };
}

/** Each case of loading begins after a CHECKPOINT: else it pays for what the case before has left to write. */
async function onServer(storage: PostgresStorage, ...statements: string[]): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: (await storage.embeddedUrl()) ?? "" });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** A tenth of the rows into all of them, by key. */
async function upserting(context: BenchContext): Promise<Prepared> {
  const storage = openStorage(context);
  const saver = storage.saver();
  const data = testTable(context.rows);
  await saver.saveData(data, "upserted", { key: ["ts"] });
  await saver.saveData(data, "upserted_by_psql", { key: ["ts"] });
  const part = data.slice(context.rows / 2, context.rows / 10);
  await saver.saveData(part, "part", { key: ["ts"] });
  return { run: () => saver.saveData(part, "upserted", { mode: "upsert", key: ["ts"] }), close: () => storage.close() };
}

const columns = ["ts", "symbol", "open", "high", "low", "close", "volume", "note"];

/** What a save of millrace's runs, by hand. */
const upsertByHand = `
columns = ${JSON.stringify(columns)}
psql(f"\\\\copy part ({', '.join(columns)}) TO '{folder}/part.bin' (FORMAT binary)")
script = f"""
BEGIN;
CREATE TEMP TABLE staging (ts timestamp, symbol text, open float8, high float8, low float8, close float8, volume bigint, note text) ON COMMIT DROP;
\\\\copy staging ({', '.join(columns)}) FROM '{folder}/part.bin' (FORMAT binary)
LOCK TABLE upserted_by_psql IN SHARE ROW EXCLUSIVE MODE;
SELECT 1 FROM staging WHERE ts IS NULL LIMIT 1;
SELECT ts FROM staging GROUP BY ts HAVING count(*) > 1 LIMIT 1;
INSERT INTO upserted_by_psql ({', '.join(columns)}) SELECT {', '.join(columns)} FROM staging
ON CONFLICT (ts) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in columns if c != 'ts')};
COMMIT;
"""
open(folder + '/upsert.sql', 'w').write(script)`;

const dlt = `
os.environ.update(DLT_PROJECT_DIR=folder, DLT_DATA_DIR=folder + '/dlt', RUNTIME__LOG_LEVEL='ERROR', RUNTIME__DLTHUB_TELEMETRY='false')
import dlt, pyarrow.csv
rows = pyarrow.csv.read_csv(folder + '/data/rows.csv')
pipeline = dlt.pipeline('bench', pipelines_dir=folder + '/pipelines', destination=dlt.destinations.postgres(url), dataset_name='loaded_by_dlt')
pipeline.run(rows, table_name='rows', write_disposition='replace')`;

/** Frames into tables and back, and the peers at the same, on one embedded server. */
export const cases: BenchCase[] = [
  { name: "frame to new table", group: "load", prepare: saving("loaded", true) },
  peer(
    "psql \\copy, prepared binary file",
    "load",
    `psql(f"\\\\copy read (${columns.join(", ")}) TO '{folder}/rows.bin' (FORMAT binary)", 'DROP TABLE IF EXISTS by_binary', 'CHECKPOINT')`,
    `psql(f'CREATE TABLE by_binary {table}', f"\\\\copy by_binary FROM '{folder}/rows.bin' (FORMAT binary)")`,
    true,
  ),
  peer(
    "psql \\copy, CSV",
    "load",
    "psql('DROP TABLE IF EXISTS by_csv', 'CHECKPOINT')",
    `psql(f'CREATE TABLE by_csv {table}', f"\\\\copy by_csv FROM '{folder}/data/rows.csv' (FORMAT csv, HEADER)")`,
  ),
  peer(
    "ADBC adbc_ingest",
    "load",
    `import pyarrow as pa, adbc_driver_postgresql.dbapi as adbc
psql('DROP TABLE IF EXISTS by_adbc', 'CHECKPOINT')
rows = pa.ipc.open_file(folder + '/rows.arrow').read_all()
rows = pa.table([c.cast(pa.string()) if pa.types.is_string_view(c.type) or pa.types.is_large_string(c.type) else c for c in rows.columns], names=rows.column_names)
connection = adbc.connect(url)`,
    `with connection.cursor() as cursor: cursor.adbc_ingest('by_adbc', rows, mode='create')
connection.commit()`,
  ),
  { name: "frame to replaced table", group: "load", prepare: saving("replaced", false) },
  peer(
    "psql DELETE and \\copy, binary",
    "load",
    "psql(f'CREATE TABLE IF NOT EXISTS replaced_by_psql {table}', 'VACUUM replaced_by_psql', 'CHECKPOINT')",
    "psql('BEGIN', 'DELETE FROM replaced_by_psql', f\"\\\\copy replaced_by_psql FROM '{folder}/rows.bin' (FORMAT binary)\", 'COMMIT')",
  ),
  {
    name: "table to frame",
    group: "read",
    base: true,
    async prepare(context) {
      const storage = openStorage(context);
      await prepareShared(context, storage);
      return { run: () => storage.source().getData("read"), close: () => storage.close() };
    },
  },
  peer(
    "ADBC fetch_arrow_table",
    "read",
    "import adbc_driver_postgresql.dbapi as adbc\nconnection = adbc.connect(url)",
    `with connection.cursor() as cursor:
    cursor.execute('SELECT ${columns.join(", ")} FROM read')
    cursor.fetch_arrow_table()`,
  ),
  peer(
    "connectorx",
    "read",
    "import connectorx",
    "connectorx.read_sql(url, 'SELECT * FROM read', return_type='arrow')",
  ),
  peer(
    "pandas read_sql",
    "read",
    "import pandas, sqlalchemy\nengine = sqlalchemy.create_engine(url.replace('postgresql:', 'postgresql+psycopg2:'))",
    "pandas.read_sql('SELECT * FROM read', engine)",
  ),
  {
    name: "CSV file to table, whole process",
    group: "file",
    base: true,
    command: (context) => [
      process.execPath,
      join(import.meta.dirname, "postgres", "csv-to-table.ts"),
      JSON.stringify(settings(context)),
      "rows.csv",
      "from_csv",
    ],
  },
  peer("dlt of Arrow, whole process", "file", dlt),
  { name: "upsert of a tenth", group: "upsert", prepare: upserting },
  peer(
    "the same by psql",
    "upsert",
    upsertByHand,
    "subprocess.run(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', folder + '/upsert.sql'], check=True, stdout=subprocess.DEVNULL)",
    true,
  ),
];
