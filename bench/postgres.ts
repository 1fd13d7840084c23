import { execFile } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { parseConfig } from "../src/config/load.ts";
import type { PostgresSaveOptions } from "../src/storages/postgres/index.ts";
import { PostgresStorage } from "../src/storages/postgres/index.ts";
import { tableOf, testTable } from "./data.ts";
import type { BenchCase, BenchContext, Goal, Prepared, Program } from "./harness.ts";
import { peer, wholePeer } from "./postgres/peers.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function settings({ folder }: BenchContext) {
  return { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always", DB_IDLE: "5s" };
}

/** All cases share one embedded server, in the folder of the run. */
function openStorage(context: BenchContext): PostgresStorage {
  return new PostgresStorage({ config: parseConfig(settings(context)), logger: silent });
}

/** The table for the peers: as CSV, as Arrow, and as the table `read`. */
async function prepareShared(context: BenchContext, storage: PostgresStorage): Promise<void> {
  const path = join(context.folder, "data", "rows.csv");
  if (existsSync(path)) return;
  await mkdir(join(context.folder, "data"), { recursive: true });
  const data = tableOf(context);
  await data.lazy().sinkIpc(join(context.folder, "rows.arrow"), { compression: "uncompressed" }).collect();
  await data.lazy().sinkCSV(path, { maintainOrder: true }).collect();
  await storage.saver().saveData(data, "read");
}

function saving(table: string, fresh: boolean, options: PostgresSaveOptions = {}) {
  return async (context: BenchContext): Promise<Prepared> => {
    const storage = openStorage(context);
    await prepareShared(context, storage);
    const saver = storage.saver();
    const data = tableOf(context);
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
  await prepareShared(context, storage);
  const saver = storage.saver();
  const data = testTable(context.rows);
  await saver.saveData(data, "upserted", { key: ["ts"] });
  await saver.saveData(data, "upserted_by_psql", { key: ["ts"] });
  const part = data.slice(context.rows / 2, context.rows / 10);
  await saver.saveData(part, "part", { key: ["ts"] });
  return { run: () => saver.saveData(part, "upserted", { mode: "upsert", key: ["ts"] }), close: () => storage.close() };
}

/** What a save of millrace's runs, by hand. */
const upsertByHand = `
psql(f"\\\\copy part ({names}) TO '{folder}/part.bin' (FORMAT binary)")
script = f"""
BEGIN;
CREATE TEMP TABLE staging {table} ON COMMIT DROP;
\\\\copy staging ({names}) FROM '{folder}/part.bin' (FORMAT binary)
LOCK TABLE upserted_by_psql IN SHARE ROW EXCLUSIVE MODE;
SELECT 1 FROM staging WHERE ts IS NULL LIMIT 1;
SELECT ts FROM staging GROUP BY ts HAVING count(*) > 1 LIMIT 1;
INSERT INTO upserted_by_psql ({names}) SELECT {names} FROM staging
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

/** One whole process, with the server up, as it is after any run before. */
async function fileToTable(context: BenchContext): Promise<Prepared> {
  const storage = openStorage(context);
  await prepareShared(context, storage);
  const [program, ...args] = csvToTable(context, "rows.csv", "from_csv");
  return { run: () => promisify(execFile)(program, args), close: () => storage.close() };
}

const csvToTable = (context: BenchContext, source: string, table: string): Program => [
  process.execPath,
  join(import.meta.dirname, "postgres", "csv-to-table.ts"),
  JSON.stringify(settings(context)),
  source,
  table,
];

/** Ten million rows, streamed by a program of its own. */
async function tenMillion(context: BenchContext): Promise<Program> {
  const [part, whole] = [join(context.folder, "part.csv"), join(context.folder, "data", "ten-million.csv")];
  for (const seed of Array(10).keys()) {
    await testTable(1_000_000, seed)
      .lazy()
      .sinkCSV(part, { maintainOrder: true, includeHeader: seed === 0 })
      .collect();
    await pipeline(createReadStream(part), createWriteStream(whole, { flags: "a" }));
  }
  return csvToTable(context, "ten-million.csv", "streamed");
}

/** The floor: what the server does alone, and the driver as it is. */
async function onDriver(context: BenchContext, text: string): Promise<Prepared> {
  const storage = openStorage(context);
  await prepareShared(context, storage);
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: (await storage.embeddedUrl()) ?? "" });
  await client.connect();
  return {
    run: () => client.query({ text, rowMode: "array" }),
    async close() {
      await client.end();
      await storage.close();
    },
  };
}

const unblocked: Goal = { measure: "blockMs", atMost: 30 };
const real = { real: true } as const;
const quick = { quick: true } as const;

export const quickRows = 100_000;

/** Frames into tables and back, and the peers at the same, on one embedded server. */
export const cases: BenchCase[] = [
  {
    ...{ name: "frame to new table", group: "load", ...real, ...quick, prepare: saving("loaded", true) },
    goals: [
      {
        against: "psql \\copy, prepared binary file",
        atMost: 1.2,
        headline: "Frame → new PostgreSQL table, to `psql \\copy` of a prepared binary file",
      },
      { against: "psql \\copy, CSV", atMost: 0.5, headline: "the same, to `psql \\copy` of CSV" },
      { against: "ADBC adbc_ingest", atMost: 1 },
      unblocked,
    ],
  },
  {
    ...{ name: "CREATE TABLE AS, the server alone", group: "load", ...quick },
    prepare: (context) => onDriver(context, "DROP TABLE IF EXISTS copied; CREATE TABLE copied AS SELECT * FROM read"),
  },
  peer(
    "psql \\copy, prepared binary file",
    "load",
    { ...real, base: true },
    {
      before: `psql(f"\\\\copy read ({names}) TO '{folder}/rows.bin' (FORMAT binary)", 'DROP TABLE IF EXISTS by_binary', 'CHECKPOINT')`,
      measured: `psql(f'CREATE TABLE by_binary {table}', f"\\\\copy by_binary FROM '{folder}/rows.bin' (FORMAT binary)")`,
    },
  ),
  peer("psql \\copy, CSV", "load", real, {
    before: "psql('DROP TABLE IF EXISTS by_csv', 'CHECKPOINT')",
    measured: `psql(f'CREATE TABLE by_csv {table}', f"\\\\copy by_csv FROM '{folder}/data/rows.csv' (FORMAT csv, HEADER)")`,
  }),
  peer("ADBC adbc_ingest", "load", real, {
    once: `import pyarrow as pa, adbc_driver_postgresql.dbapi as adbc
rows = pa.ipc.open_file(folder + '/rows.arrow').read_all()
rows = pa.table([c.cast(pa.string()) if pa.types.is_string_view(c.type) or pa.types.is_large_string(c.type) else c for c in rows.columns], names=rows.column_names)
connection = adbc.connect(url)`,
    before: "psql('DROP TABLE IF EXISTS by_adbc', 'CHECKPOINT')",
    measured: `with connection.cursor() as cursor: cursor.adbc_ingest('by_adbc', rows, mode='create')
connection.commit()`,
  }),
  {
    ...{ name: "frame to replaced table", group: "load", prepare: saving("replaced", false) },
    goals: [{ against: "frame to new table", atMost: 1.5 }, unblocked],
  },
  peer(
    "psql DELETE and \\copy, binary",
    "load",
    {},
    {
      before: "psql(f'CREATE TABLE IF NOT EXISTS replaced_by_psql {table}', 'VACUUM replaced_by_psql', 'CHECKPOINT')",
      measured:
        "psql('BEGIN', 'DELETE FROM replaced_by_psql', f\"\\\\copy replaced_by_psql FROM '{folder}/rows.bin' (FORMAT binary)\", 'COMMIT')",
    },
  ),
  {
    ...{ name: "table to frame", group: "read", base: true, ...real, ...quick },
    async prepare(context) {
      const storage = openStorage(context);
      await prepareShared(context, storage);
      return { run: () => storage.source().getData("read"), close: () => storage.close() };
    },
    goals: [
      { against: "ADBC fetch_arrow_table", atMost: 1, headline: "PostgreSQL table → frame, to ADBC" },
      { against: "connectorx", atMost: 1 },
      { against: "pandas read_sql", atMost: 0.17, headline: "the same, to `pandas.read_sql`" },
      unblocked,
    ],
  },
  peer("ADBC fetch_arrow_table", "read", real, {
    once: "import adbc_driver_postgresql.dbapi as adbc\nconnection = adbc.connect(url)",
    measured: `with connection.cursor() as cursor:
    cursor.execute(f'SELECT {names} FROM read')
    cursor.fetch_arrow_table()`,
  }),
  peer("connectorx", "read", real, {
    once: "import connectorx",
    measured: "connectorx.read_sql(url, 'SELECT * FROM read', return_type='arrow')",
  }),
  peer(
    "pandas read_sql",
    "read",
    {},
    {
      once: "import pandas, sqlalchemy\nengine = sqlalchemy.create_engine(url.replace('postgresql:', 'postgresql+psycopg2:'))",
      measured: "pandas.read_sql('SELECT * FROM read', engine)",
    },
  ),
  {
    ...{ name: "pg, rows as arrays", group: "read", ...quick },
    prepare: (context) => onDriver(context, "SELECT * FROM read"),
  },
  {
    ...{ name: "CSV file to table, whole process", group: "file", base: true, prepare: fileToTable },
    goals: [
      {
        against: "dlt of Arrow, whole process",
        atMost: 0.1,
        headline: "CSV file → PostgreSQL table, whole process, to dlt",
      },
    ],
  },
  wholePeer("dlt of Arrow, whole process", "file", dlt),
  {
    ...{ name: "upsert of a tenth", group: "upsert", prepare: upserting },
    goals: [
      {
        against: "the same by psql",
        atMost: 1.3,
        headline: "Upsert of a tenth of a table, to the same statements by `psql`",
      },
    ],
  },
  peer(
    "the same by psql",
    "upsert",
    { base: true },
    {
      before: upsertByHand,
      measured:
        "subprocess.run(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', folder + '/upsert.sql'], check=True, stdout=subprocess.DEVNULL)",
    },
  ),
  {
    ...{ name: "10 M rows of CSV, streamed", group: "file", once: true, command: tenMillion },
    goals: [{ measure: "peakMb", atMost: 500, headline: "10 M rows of CSV → PostgreSQL, streamed, most memory" }],
  },
];
