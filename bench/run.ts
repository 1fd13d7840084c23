/**
 * `npm run bench` measures every area, keeps the results in bench/results, and writes them into the documents. `npm run bench -- csv`
 * measures one and keeps nothing in git. Options: `--sizes 10000,1000000,flights`, `--rounds 5`, `--only text`, and `--record`, which
 * keeps the results of chosen areas. `npm run bench -- compare` shows the last ones beside those in git; `quick` is the short run of the checks.
 */
import { parseArgs } from "node:util";
import { type Area, areaOf, areas, casesAt, sizesOf } from "./harness/areas.ts";
import { compare } from "./harness/compare.ts";
import { writeBenchmarkDocuments } from "./harness/documents.ts";
import { measure } from "./harness/measure.ts";
import { peerVersions } from "./harness/peers.ts";
import { quick } from "./harness/quick.ts";
import { type AreaRecord, keep, machine } from "./harness/record.ts";
import type { SizeResult } from "./harness/results.ts";
import { casesTable, goalsTable } from "./harness/tables.ts";
import { sizeText } from "./harness/text.ts";

const usualRounds = 5;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: "string" },
    rounds: { type: "string", default: String(usualRounds) },
    only: { type: "string", default: "" },
    record: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const whole = values.sizes === undefined && values.only === "" && rounds >= usualRounds;

const [command, ...rest] = positionals;
const unknown = (command === "compare" || command === "quick" ? rest : positionals).filter(
  (name) => !areas.includes(name),
);
if (unknown.length > 0 || !(rounds >= 1)) {
  console.error(`There is no area "${unknown.join(", ")}". There is: ${areas.join(", ")}; and compare, quick.`);
  process.exit(1);
}
if (command === "compare") await compare(rest.length > 0 ? rest : areas);
else if (command === "quick")
  process.exitCode = (await quick(rest.length > 0 ? rest : areas, { record: values.record })) ? 0 : 1;
else await bench(positionals.length > 0 ? positionals : areas);

async function bench(chosen: readonly string[]): Promise<void> {
  const run = new Date().toISOString();
  const started = performance.now();
  const kept = values.record || (whole && positionals.length === 0);
  for (const name of chosen) {
    const record: AreaRecord = {
      area: name,
      run,
      rounds,
      machine: machine(peerVersions),
      sizes: await sizesMeasured(name),
    };
    await keep("latest", record);
    if (kept) await keep("recorded", record);
    console.log(`\n## ${name}\n`);
    for (const size of record.sizes) console.log(`${sizeText(size)}\n\n${casesTable(size)}\n`);
    console.log(goalsTable(record));
  }
  if (kept) await writeBenchmarkDocuments();
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`\n${rounds} rounds, Node ${process.version}, ${minutes} min${kept ? "; recorded" : ""}`);
}

async function sizesMeasured(name: string): Promise<SizeResult[]> {
  const area: Area = await areaOf(name);
  const sizes = sizesOf(area, values.sizes);
  const done: SizeResult[] = [];
  for (const size of sizes) {
    const cases = casesAt(area.cases, size, sizes).filter((each) => `${each.group} ${each.name}`.includes(values.only));
    if (cases.length === 0) continue;
    console.error(`${name}, ${sizeText(size)}`);
    done.push(await measure(name, cases, size, rounds));
  }
  return done;
}
