import { tables } from "../data.ts";
import { peerPython, requirePsql } from "../harness/peers.ts";
import type { BenchCase, BenchContext } from "../harness.ts";

/** Where the server of the run is, known once a case of millrace's has started it. */
const head = ({ folder, data }: BenchContext) => `
import json, os, subprocess
folder = ${JSON.stringify(folder)}
access = json.load(open(folder + '/data/.millrace/postgres/access.json'))
os.environ.update(PGHOST='127.0.0.1', PGPORT=str(access['port']), PGUSER='postgres', PGPASSWORD=access['password'], PGDATABASE='my_project')
url = f"postgresql://postgres:{access['password']}@127.0.0.1:{access['port']}/my_project"
def psql(*commands):
    arguments = ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1']
    for command in commands: arguments += ['-c', command]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
columns = ${JSON.stringify(Object.keys(tables[data].columns))}
names = ', '.join(columns)
table = ${JSON.stringify(
  `(${Object.entries(tables[data].columns)
    .map((column) => column.join(" "))
    .join(", ")})`,
)}
`;

interface PeerWork {
  readonly once?: string;
  /** Before each round: `psql(…)` runs statements there. */
  readonly before?: string;
  readonly measured: string;
}

/** A case of a peer's, in a process that keeps living. */
export function peer(
  name: string,
  group: string,
  about: Pick<BenchCase, "base" | "real">,
  { once = "", ...work }: PeerWork,
): BenchCase {
  return {
    ...{ name, group, ...about },
    async python(context) {
      if (`${once}${work.before}${work.measured}`.includes("psql")) requirePsql();
      return { python: await peerPython(), once: `${head(context)}\n${once}`, ...work };
    },
  };
}

/** A case of a peer's that is measured as a whole process. */
export function wholePeer(name: string, group: string, script: string): BenchCase {
  return {
    ...{ name, group },
    command: async (context) => [await peerPython(), "-c", `${head(context)}\n${script}`],
  };
}
