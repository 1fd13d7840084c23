import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../src/system/folders.ts";
import type { BenchCase } from "../harness.ts";

/** The peers: installed once, into the user's cache folder. */
const packages = [
  "pandas",
  "pyarrow",
  "adbc-driver-postgresql",
  "connectorx",
  "sqlalchemy",
  "psycopg2-binary",
  "dlt[postgres]",
];
const environment = cacheFolder("bench", "postgres");

function python(): string {
  const program = join(environment, "bin", "python");
  if (!existsSync(join(environment, "installed"))) {
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
    execFileSync(program, ["-m", "pip", "install", "--quiet", ...packages], { stdio: "inherit" });
    writeFileSync(join(environment, "installed"), "");
  }
  return program;
}

/** Where the server of the run is, known once a case of millrace's has started it. */
const head = (folder: string) => `
import json, os, subprocess, sys, time
folder = ${JSON.stringify(folder)}
access = json.load(open(folder + '/data/.millrace/postgres/access.json'))
os.environ.update(PGHOST='127.0.0.1', PGPORT=str(access['port']), PGUSER='postgres', PGPASSWORD=access['password'], PGDATABASE='my_project')
url = f"postgresql://postgres:{access['password']}@127.0.0.1:{access['port']}/my_project"
def psql(*commands):
    arguments = ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1']
    for command in commands: arguments += ['-c', command]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
table = '(ts timestamp, symbol text, open float8, high float8, low float8, close float8, volume bigint, note text)'
`;

/**
 * A case of a peer's, in a process of its own. With \`measured\` only that part counts, else the whole process.
 */
export function peer(name: string, group: string, prepare: string, measured?: string, base = false): BenchCase {
  return {
    ...{ name, group, base },
    command: ({ folder }) => {
      const timed =
        measured === undefined
          ? ""
          : `started = time.perf_counter()\n${measured}\nprint((time.perf_counter() - started) * 1000)`;
      return [python(), "-c", `${head(folder)}\n${prepare}\n${timed}\n`];
    },
  };
}
