import type { FidelityCase } from "./cases.ts";

/** What became of a frame in a storage: exact, unless it was refused. */
export interface Outcome {
  /** The error's message. */
  refused?: string;
  remedy?: string;
}

/** What came out of the tests. */
export interface Matrix {
  readonly types: readonly string[];
  /** By `group | label | storage`. */
  readonly cells: Map<string, Outcome>;
  /** By `from to`. */
  readonly pairs: Map<string, { exact: number; refused: number }>;
}

const introduction = `# Fidelity

What comes back from each storage, as measured. \`npm run matrix\` writes this page from the tests that just ran, and \`npm test\` fails when
it no longer says what comes out.

- **exact**: the frame came back equal in every bit that counts: values, nulls, names and order of columns, types, order of rows (postgres: with
  \`keepOrder: true\`). NaN equals NaN, -0 differs from 0, an empty text or list differs from null.
- **refused**: nothing was saved. The save was rejected with a \`FidelityError\` that names the column, the first row (counted from 1) and what to do.

There is nothing in between. All of "Times" ran under three values of TZ (${["UTC", "America/New_York", "Asia/Kathmandu"].join(", ")}).
Every frame has nulls besides the values named here.`;

const forms = `## In which form

What a storage has no type for is held in a form that other programs can read and query, and comes back as it was. The frame's own types are
kept beside the data; when another program has changed the data so that they no longer fit, the storage's own types count, and the log says so.

| type | csv | postgres | arctic |
| --- | --- | --- | --- |
| integers, floats, boolean, string | their text | \`smallint\` to \`bigint\`, \`numeric(20,0)\` for uint64, \`real\`, \`double precision\`, \`boolean\`, \`text\` | the same types |
| decimal(p, s) | \`12.50\` | \`numeric(p,s)\` | text: \`12.50\` |
| date | \`2024-02-29\` | \`date\` | nanosecond timestamp at midnight; days since 1970 when one lies outside 1677 to 2262 |
| datetime | \`2024-02-29T12:30:00.000001\`; with a zone in UTC, with \`Z\` | \`timestamp\`, \`timestamptz\` (whole microseconds) | nanosecond timestamp; ticks since 1970 as int64 when one lies outside 1677 to 2262 |
| time | \`09:30:00.000000001\` | \`time\` (whole microseconds) | nanoseconds since midnight, int64 |
| duration | \`PT90.5S\` (ISO 8601, in seconds) | \`interval\` (whole microseconds) | ticks of its unit, int64 |
| binary | \`\\x00ff\` | \`bytea\` | text: \`\\x00ff\` |
| categorical, enum | the text | \`text\` | text |
| list, array, struct | JSON | arrays of PostgreSQL for lists and arrays of plain types, else \`json\` | text: JSON |
| null | nothing | \`text\`, all null | float64, all null |

temp keeps Arrow files, which have every type. In JSON, whole numbers have all their digits; NaN and the infinities are texts; what has no JSON
form is its text as in csv.`;

/** The page docs/fidelity.md. */
export function writeReport(cases: readonly FidelityCase[], { types, cells, pairs }: Matrix): string {
  const notes: string[] = [];
  const cell = (each: FidelityCase, type: string): string => {
    const { refused, remedy } = cells.get(`${each.group} | ${each.label} | ${type}`) ?? {};
    if (refused === undefined) return "exact";
    notes.push(
      `| ${notes.length + 1} | ${cellText(each.label)} | ${type} | ${cellText(refused)} ${cellText(remedy ?? "")} |`,
    );
    return `refused (${notes.length})`;
  };
  const groups = [...new Set(cases.map(({ group }) => group))].map((group) => {
    const rows = cases
      .filter((each) => each.group === group)
      .map((each) => `| ${cellText(each.label)} | ${types.map((type) => cell(each, type)).join(" | ")} |`);
    return [`### ${group}`, "", `| | ${types.join(" | ")} |`, `| ---${" | ---".repeat(types.length)} |`, ...rows].join(
      "\n",
    );
  });
  const exact = [...cells.values()].filter(({ refused }) => refused === undefined).length;
  const share = ((100 * exact) / cells.size).toFixed(1);
  const pairRows = types.map(
    (from) => `| from ${from} | ${types.map((to) => pairCell(pairs.get(`${from} ${to}`))).join(" | ")} |`,
  );
  return [
    introduction,
    `## The matrix\n\n${exact} of ${cells.size} cells are exact: ${share} %.`,
    ...groups,
    `## Refusals\n\n| | what | storage | message and remedy |\n| --- | --- | --- | --- |\n${notes.join("\n")}`,
    [
      "## Between storages",
      "",
      `Each of the ${cases.length} frames went from every storage into every other, in batches (\`getBatches\` into \`saveBatches\`), and was compared`,
      "with the first one. The numbers count frames that arrived exactly; those that one of the two refuses are left out.",
      "",
      `| | ${types.map((type) => `to ${type}`).join(" | ")} |`,
      `| ---${" | ---".repeat(types.length)} |`,
      ...pairRows,
    ].join("\n"),
    forms,
  ]
    .join("\n\n")
    .concat("\n");
}

function pairCell(pair: { exact: number; refused: number } | undefined): string {
  if (!pair) return "";
  return `${pair.exact} of ${pair.exact}${pair.refused > 0 ? ` (${pair.refused} refused)` : ""}`;
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
