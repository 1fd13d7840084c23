import { expect, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import type { PipelineDefinition } from "../../src/pipelines/definition.ts";
import { Scraper } from "../../src/scraping/scraper.ts";

class Same extends Calculator {
  calculate(rows: never) {
    return rows;
  }
}
class Empty extends Scraper {
  readonly sources = {};
}

const faultsOf = (definition: unknown): string => {
  try {
    definePipeline(definition as PipelineDefinition);
    return "";
  } catch (cause) {
    return (cause as Error).message;
  }
};

test("the short form runs in the order scrape, calculate, copy, whatever the order of its keys", () => {
  const { definition } = definePipeline({
    copy: { from: "temp:a", to: "csv" },
    calculate: { calculator: Same, from: "temp", to: "csv" },
    scrape: { scraper: Empty, into: "temp" },
    name: "short",
  });
  expect(definition.name).toBe("short");
});

test("a wrong definition is refused with all that is wrong, when it is defined", () => {
  const faults = faultsOf({
    name: "a/b",
    concurrency: 0,
    deadline: "soon",
    onOverlap: "queue",
    colour: "red",
    incremental: { cursor: "ts", window: "1d" },
    checks: { rows: 5 },
    steps: [
      { copy: { from: "csv:prices" } },
      { copy: { from: "csv:a", to: "temp", mode: "upsert" } },
      { calculate: { calculator: {}, from: "csv", to: "temp", mode: "replace" } },
      { scrape: { scraper: Empty, into: "temp" }, copy: { from: "a", to: "b" } },
      { nothing: true },
      7,
    ],
  });
  for (const part of [
    "name: expected letters",
    "concurrency: expected a whole number from 1 to 100",
    "deadline: expected a duration",
    "onOverlap: expected skip, wait or fail",
    "colour",
    "incremental.window: a window needs `start`",
    "checks: ",
    "steps[0].copy.to: expected one storage",
    "steps[1]: mode upsert needs a key",
    "steps[2].calculate.calculator: expected a calculator",
    "steps[2]: an incremental step adds to what is there",
    "steps[3]: has scrape and copy, where one is one step",
    "steps[4]: expected one of scrape, calculate, copy, run, pipeline",
    "steps[5]: expected a step",
  ]) {
    expect(faults).toContain(part);
  }
});

test("two steps of one name, no step at all, and both forms together are refused", () => {
  const step = { name: "x", copy: { from: "csv:a", to: "temp" } };
  expect(faultsOf({ name: "twice", steps: [step, step] })).toContain('two are called "x"');
  expect(faultsOf({ name: "none" })).toContain("there is nothing to do");
  expect(faultsOf({ name: "both", steps: [step], copy: step.copy })).toContain("either steps or scrape");
  expect(faultsOf(null)).toContain("is not defined right");
});

test("TypeScript knows what a definition can't be", () => {
  const never = () => {
    // @ts-expect-error A misspelt key.
    definePipeline({ name: "a", kopy: { from: "csv:a", to: "temp" } });
    // @ts-expect-error An upsert without its key.
    definePipeline({ name: "a", copy: { from: "csv:a", to: "temp", mode: "upsert" } });
    // @ts-expect-error A class that is no calculator.
    definePipeline({ name: "a", calculate: { calculator: Empty, from: "csv", to: "temp" } });
    // @ts-expect-error Both forms at once.
    definePipeline({ name: "a", steps: [() => {}], copy: { from: "csv:a", to: "temp" } });
    // @ts-expect-error A list without a step.
    definePipeline({ name: "a", steps: [] });
  };
  expect(never).toBeTypeOf("function");
});
