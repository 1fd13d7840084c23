/** What one command is tried with. */
export interface Row {
  readonly args: readonly string[];
  /** What a terminal shows. */
  readonly shown: RegExp;
  /** Answers on a terminal. */
  readonly answers?: readonly { readonly wait: string; readonly type: string }[];
  /** Added in a pipe, where nobody can be asked. */
  readonly inPipe?: readonly string[];
  readonly code?: number;
  /** It goes on until it is ended: once this was printed, by Ctrl-C on a terminal and SIGTERM in a pipe. */
  readonly until?: string;
  /** It prints text that is no result of millrace: `--json` changes nothing. */
  readonly text?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that comes first. */
  readonly before?: readonly string[];
}

const queue = { QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_SHARED_FOLDERS: "true" };
const yes = [{ wait: "[y/N]", type: "y\n" }];

/** A row for each command, in the order in which they are tried. RUN stands for the run that the command before has begun. */
export const rows = (scraper: string): Record<string, Row> => ({
  list: { args: ["list", "csv"], shown: /csv:prices\.csv/ },
  show: { args: ["show", "csv:prices"], shown: /2 rows, 2 columns[\s\S]*price/ },
  copy: { args: ["copy", "csv:prices", "temp"], shown: /Copied 2 rows of csv:prices to temp:prices/ },
  diff: { args: ["diff", "csv:prices", "temp:prices"], shown: /Equal/ },
  rm: {
    args: ["rm", "temp:prices"],
    shown: /Removed temp:prices/,
    answers: yes,
    inPipe: ["--yes"],
    before: ["copy", "csv:prices", "temp"],
  },
  migrate: { args: ["migrate", "csv", "temp"], shown: /frames of csv are in temp/, inPipe: ["--yes"] },
  query: { args: ["query", "SELECT 1 AS one"], shown: /one[\s\S]*1/ },
  plan: { args: ["plan", "pipeline.ts", "--pipeline", "daily"], shown: /csv:kept/ },
  run: { args: ["run", "pipeline.ts", "--pipeline", "daily"], shown: /daily \S+ done/ },
  runs: { args: ["runs"], shown: /daily +done/ },
  resume: {
    args: ["resume", "pipeline.ts", "--pipeline", "flaky"],
    shown: /flaky \S+ done/,
    env: { MENDED: "yes" },
    before: ["run", "pipeline.ts", "--pipeline", "flaky"],
  },
  undo: {
    args: ["undo", "pipeline.ts", "RUN", "--pipeline", "daily"],
    shown: /csv:kept/,
    before: ["run", "pipeline.ts", "--pipeline", "daily"],
  },
  "state show": { args: ["state", "show", "pipeline.ts", "--pipeline", "steady"], shown: /copy\/trades/ },
  "state set": {
    args: ["state", "set", "pipeline.ts", "copy/trades", "2024-01-01", "--pipeline", "steady"],
    shown: /reads copy\/trades from 2024-01-01/,
  },
  "state reset": { args: ["state", "reset", "pipeline.ts", "--pipeline", "steady"], shown: /reads everything anew/ },
  "quarantine list": { args: ["quarantine", "list"], shown: /csv:checked +1 +/ },
  "quarantine retry": {
    args: ["quarantine", "retry", "pipeline.ts", "csv:checked", "--pipeline", "checked"],
    shown: /0 rows loaded, 1 left/,
  },
  schedule: { args: ["schedule", "pipeline.ts"], shown: /next run[\s\S]*daily[\s\S]*Ending/, until: "daily" },
  scrape: { args: ["scrape", scraper, "screener"], shown: /csv:screener/ },
  record: { args: ["record", scraper, "screener", "--out", "fixture.warc.gz"], shown: /screener: 20 rows/ },
  worker: {
    args: ["worker", "pipeline.ts", "--port", "0"],
    shown: /Working on[\s\S]*Ending/,
    until: "oncurrency|Working on",
    env: queue,
  },
  "queue status": { args: ["queue", "status"], shown: /./, env: queue },
  "queue pause": { args: ["queue", "pause"], shown: /take nothing more/, env: queue },
  "queue resume": { args: ["queue", "resume"], shown: /./, env: queue },
  "queue redrive": { args: ["queue", "redrive"], shown: /./, env: queue },
  "queue purge": { args: ["queue", "purge"], shown: /0 jobs removed/, answers: yes, inPipe: ["--yes"], env: queue },
  init: { args: ["init", "made", "--no-install"], shown: /Next: cd made/, answers: [{ wait: "[1]", type: "2\n" }] },
  doctor: { args: ["doctor"], shown: /ok.*Node/ },
  serve: { args: ["serve", "--port", "0"], shown: /Serving at[\s\S]*Ending/, until: "http" },
  config: { args: ["config"], shown: /FS_DATA/ },
  "backup create": { args: ["backup", "create", "csv:prices"], shown: /prices/ },
  "backup list": { args: ["backup", "list"], shown: /csv:prices\.csv@/ },
  "backup verify": { args: ["backup", "verify", "csv:prices"], shown: /Every byte/ },
  "backup prove": { args: ["backup", "prove", "csv:prices"], shown: /restored and is equal/ },
  "backup restore": {
    args: ["backup", "restore", "csv:prices"],
    shown: /Restored csv:prices/,
    answers: yes,
    inPipe: ["--yes"],
  },
  "backup prune": {
    args: ["backup", "prune", "csv", "--keep-last", "1"],
    shown: /removed/,
    answers: yes,
    inPipe: ["--yes"],
  },
  node: { args: ["node", "-p", "40 + 2"], shown: /42/, text: true },
  completion: { args: ["completion", "bash"], shown: /complete -F _millrace/, text: true },
  ps: { args: ["ps"], shown: /PostgreSQL|No helper/i },
  stop: { args: ["stop", "--force"], shown: /./ },
});
