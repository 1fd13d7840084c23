import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { makeEnvironment } from "../../../src/storages/arctic/environment.ts";
import { run } from "../../../src/system/run.ts";
import { type OpenedArctic, openArctic } from "./open.ts";

let opened: OpenedArctic;
beforeAll(async () => {
  opened = await openArctic();
});
afterAll(() => opened[Symbol.asyncDispose]());

describe("beside Python's own client", () => {
  test("pandas reads what millrace saved, with its time as the index", async () => {
    const saved = frame(
      { note: ["a", null], day: ["2024-01-01", "2024-01-02"], volume: [9007199254740991n, null], close: [1.5, null] },
      { note: "string?", day: "date", volume: "int64?", close: "float64?" },
    );
    await opened.storage.saver().saveData(saved, "for_pandas", { timeColumn: "day" });
    const seen = await opened.python(`
data = library.read('for_pandas', output_format='PANDAS').data
print(json.dumps({
  'index': [str(time) for time in data.index], 'columns': list(data.columns), 'notes': list(data['note']),
  'volume': [int(value) for value in data['volume']], 'close': str(list(data['close'])),
}))`);
    expect(seen).toEqual({
      index: ["2024-01-01 00:00:00", "2024-01-02 00:00:00"],
      columns: ["note", "volume", "close"],
      notes: ["a", null],
      // Without Arrow output a null integer shows as 0, as docs/arctic.md says.
      volume: [9007199254740991, 0],
      close: "[1.5, nan]",
    });
  });

  test("many saves of a symbol leave a short chain of versions, which is what reading and removing old ones walks", async () => {
    const { storage } = opened;
    for (let save = 0; save < 110; save++) await storage.saver().saveData(frame({ n: [save] }), "often");
    expect(await storage.source().listVersions("often")).toHaveLength(10);
    const { links, kept } = (await opened.python(`
from arcticdb_ext.storage import KeyType
tool = library._nvs.library_tool()
kept = [library.read('often', as_of=version, output_format='PANDAS').data['n'][0] for version in (100, 109)]
print(json.dumps({'links': len(tool.find_keys_for_symbol(KeyType.VERSION, 'often')), 'kept': [int(n) for n in kept]}))`)) as {
      links: number;
      kept: number[];
    };
    expect(links).toBeLessThan(60);
    expect(kept).toEqual([100, 109]);
  });

  test("millrace reads what pandas wrote", async () => {
    await opened.python(`
import pandas as pd
index = pd.date_range('2024-01-01', periods=3, name='when', tz='Europe/Berlin')
library.write('from_pandas', pd.DataFrame({'a': [1, 2, 3], 's': ['x', None, 'z']}, index=index))
library.write('unnamed', pd.DataFrame({'a': [1.5]}, index=pd.date_range('2024-01-01', periods=1)))
library.write('rows', pd.DataFrame({'a': [True, False]}))
print('{}')`);
    const source = opened.storage.source();
    expect((await source.describe("from_pandas")).schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "when datetime[ns, Europe/Berlin]",
      "a int64",
      "s string",
    ]);
    const narrowed = await source.getData("from_pandas", { from: "2024-01-02", to: "2024-01-03" });
    expect(records(narrowed)).toMatchObject([{ a: 2n, s: null }]);
    expect((await source.getData("unnamed")).height).toBe(1);
    expect(records(await source.getData("rows"))).toEqual([{ a: true }, { a: false }]);
  });

  test("millrace reads pandas' other frames: several indexes, without names, of texts, categories, series, without rows", async () => {
    await opened.python(`
import pandas as pd
days = pd.date_range('2024-01-01', periods=2)
value = {'v': [1, 2]}
library.write('multi', pd.DataFrame(value, index=pd.MultiIndex.from_arrays([days, ['a', 'b']], names=['t', 's'])))
library.write('multi_unnamed', pd.DataFrame(value, index=pd.MultiIndex.from_arrays([days, ['a', 'b']])))
library.write('by_text', pd.DataFrame(value, index=pd.Index(['x', 'y'], name='k')))
library.write('by_number', pd.DataFrame(value, index=pd.Index([5, 7], name='k')))
library.write('no_names', pd.DataFrame([[1, 2]]))
library.write('categories', pd.DataFrame({
  'c': pd.Categorical(['x', None], categories=['y', 'x']), 'n': pd.Categorical([10, 20], categories=[20, 10])}))
library.write('series', pd.Series([1.5, 2.5], index=days, name='p'))
library.write('empty', pd.DataFrame({'a': pd.Series([], dtype='int64')}, index=days[:0]))
library.write('twice', pd.DataFrame([[1, 2]], columns=['a', 'a']))
print('{}')`);
    const [first, second] = ["2024-01-01T00:00:00.000000000", "2024-01-02T00:00:00.000000000"];
    const expected: Record<string, unknown[]> = {
      multi: [
        { t: first, s: "a", v: 1n },
        { t: second, s: "b", v: 2n },
      ],
      multi_unnamed: [
        { __index_level_0__: first, __index_level_1__: "a", v: 1n },
        { __index_level_0__: second, __index_level_1__: "b", v: 2n },
      ],
      by_text: [
        { k: "x", v: 1n },
        { k: "y", v: 2n },
      ],
      by_number: [
        { k: 5n, v: 1n },
        { k: 7n, v: 2n },
      ],
      no_names: [{ "0": 1n, "1": 2n }],
      categories: [
        { c: "x", n: 10n },
        { c: null, n: 20n },
      ],
      series: [
        { __index__: first, p: 1.5 },
        { __index__: second, p: 2.5 },
      ],
      empty: [],
      twice: [{ a: 1n, _a_: 2n }],
    };
    const source = opened.storage.source();
    expect(await source.listSources()).toEqual(expect.arrayContaining(Object.keys(expected)));
    for (const [name, rows] of Object.entries(expected)) {
      expect(records(await source.getData(name)), name).toEqual(rows);
      expect(records(await source.getData(name, { limit: 5 })), name).toEqual(rows);
      for await (const piece of source.getBatches(name)) expect(records(piece), name).toEqual(rows);
      const [, location = null] = await opened.storage.backup().backupData(name);
      await opened.storage.backup().restoreData(location ?? "", `${name}_again`);
      expect(records(await source.getData(`${name}_again`)), name).toEqual(rows);
    }
    expect(records(await source.getData("multi", { from: "2024-01-02" }))).toHaveLength(1);
  });

  test("a version that Python writes counts with its own types, and the log says so", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(frame({ day: ["2024-01-01"] }, { day: "date" }), "overwritten");
    await opened.python(`
import pandas as pd
library.write('overwritten', pd.DataFrame({'other': [1, 2]}), metadata=library.read('overwritten').metadata)
print('{}')`);
    const found = await opened.storage.source().getData("overwritten");
    expect(records(found)).toEqual([{ other: 1n }, { other: 2n }]);
    expect(opened.lines.join("\n")).toMatch(/overwritten was changed by another program/);
    await saver.saveData(frame({ other: [3n] }, { other: "int64" }), "overwritten", { mode: "append" });
    expect(records(await opened.storage.source().getData("overwritten"))).toHaveLength(3);
  });

  test.each([
    ["a text that is no binary", "binary", [Uint8Array.of(1)], "['abc']", "string", ["abc"]],
    ["a text that is no list", "list[int64]", [[1n]], "['[1.5]']", "string", ["[1.5]"]],
    ["a text with more decimal places", "decimal(4, 2)", ["1.50"], "['1.555']", "string", ["1.555"]],
    ["a time after midnight", "time", ["09:30:00"], "[86_400_000_000_000]", "int64", [86_400_000_000_000n]],
    [
      "a time of finer ticks",
      "datetime[us]",
      ["2024-01-01T00:00:00"],
      "pd.to_datetime(['2024-01-01T00:00:00.000000001'])",
      "datetime[ns]",
      ["2024-01-01T00:00:00.000000001"],
    ],
    ["a value where there was none", "null", [null], "[1.5]", "float64", [1.5]],
  ])(
    "%s, put by Python under millrace's metadata, comes as ArcticDB has it",
    async (_, type, saved, put, found, values) => {
      const name = `edited_${type.replace(/\W/g, "")}`;
      await opened.storage.saver().saveData(frame({ v: saved }, { v: `${type}?` }), name);
      await opened.python(`
import pandas as pd
library.write('${name}', pd.DataFrame({'v': ${put}}), metadata=library.read('${name}').metadata)
print('{}')`);
      const source = opened.storage.source();
      opened.lines.length = 0;
      expect(await compareFrames(await source.getData(name), frame({ v: values }, { v: found }))).toBeNull();
      expect(opened.lines.join("\n")).toMatch(/was changed by another program/);
      for await (const piece of source.getBatches(name)) expect(records(piece)).toEqual([{ v: values[0] }]);
      const [ok] = await opened.storage.backup().backupData(name);
      expect(ok).toBe(true);
    },
  );

  test("pandas sees other types as numbers and texts", async () => {
    const saved = frame(
      {
        at: ["09:30:00"],
        took: [1_500n],
        price: ["12.50"],
        raw: [Uint8Array.of(0, 255)],
        side: ["buy"],
        tags: [["a", null]],
        nothing: [null],
      },
      {
        at: "time",
        took: "duration[ms]",
        price: "decimal(8, 2)",
        raw: "binary",
        side: 'enum["buy","sell"]',
        tags: "list[string]",
        nothing: "null",
      },
    );
    await opened.storage.saver().saveData(saved, "encoded");
    const seen = await opened.python(`
data = library.read('encoded', output_format='PANDAS').data
print(json.dumps({name: str(data[name].iloc[0]) for name in data.columns}))`);
    expect(seen).toEqual({
      at: "34200000000000",
      took: "1500",
      price: "12.50",
      raw: "\\x00ff",
      side: "buy",
      tags: '["a",null]',
      nothing: "nan",
    });
  });

  test("pickled data is refused, never run, and not listed; beside pickled metadata data is read", async () => {
    const trap = `${opened.folder}/unpickled`;
    await opened.python(`
class Trap:
  def __reduce__(self):
    return (open, ('${trap}', 'w'))
library.write_pickle('trap', Trap())
import pandas as pd
library.write('trapped_metadata', pd.DataFrame({'a': [1]}), metadata={'x': Trap()})
library.snapshot('trapped', metadata={'x': Trap()})
print('{}')`);
    const source = opened.storage.source();
    await expect(source.getData("trap")).rejects.toMatchObject({ name: "FidelityError" });
    expect(records(await source.getData("trapped_metadata"))).toEqual([{ a: 1n }]);
    expect((await source.listSnapshots()).map(({ name }) => name)).toContain("trapped");
    expect(await source.listVersions("trapped_metadata")).toHaveLength(1);
    await opened.storage.saver().saveData(frame({ a: [2n] }, { a: "int64" }), "trapped_metadata", { mode: "append" });
    expect(records(await source.getData("trapped_metadata"))).toHaveLength(2);
    expect(await source.listSources()).not.toContain("trap");
    expect(existsSync(trap)).toBe(false);
  });

  test("pandas' append to what millrace saved is refused by ArcticDB, as the docs say, and changes nothing", async () => {
    const saved = frame({ v: [1n] }, { v: "int64" });
    await opened.storage.saver().saveData(saved, "from_arrow");
    const { refused } = await opened.python(`
import pandas as pd
try:
  library.append('from_arrow', pd.DataFrame({'v': [2]}))
  print(json.dumps({'refused': ''}))
except Exception as error:
  print(json.dumps({'refused': str(error)}))`);
    expect(refused).toMatch(/same type/);
    expect(await compareFrames(await opened.storage.source().getData("from_arrow"), saved)).toBeNull();
  });

  test("the cron job and the service of docs/arctic.md share one library, at the same time", async () => {
    const document = await readFile(new URL("../../../docs/arctic.md", import.meta.url), "utf8");
    const [, job = ""] = /^```python\n([\s\S]*?)^```$/m.exec(document) ?? [];
    const here = job.replace("./data/arctic", `${opened.config.FS_DATA}/arctic`);
    expect(here).not.toBe(job);
    const { python } = await makeEnvironment(opened.logger);
    const runJob = async () => {
      const { code, stdout, stderr } = await run(python, ["-c", here]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      return stdout;
    };
    await runJob();
    const { storage } = opened;
    const serve = async () => {
      const closes = await storage.source().getData("closes", { from: "2024-03-27" });
      await storage.saver().saveData(closes, "signals", { timeColumn: "day" });
      return closes.height;
    };
    expect(await serve()).toBe(3);
    const [printed, ...heights] = await Promise.all([runJob(), serve(), serve(), serve()]);
    expect(heights).toEqual([3, 3, 3]);
    expect(printed).toMatch(/2024-03-29\s+192\.4/);
    expect(await storage.source().describe("signals")).toMatchObject({ rows: 3, timeColumn: "day" });
  });
});
