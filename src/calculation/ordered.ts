import type { IDataSource } from "../contracts/data-source.ts";
import type { ReadOptions } from "../contracts/read-options.ts";
import { ConfigError, ConflictError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import type { CalculationRequest, Calculator, Dependency } from "./calculator.ts";
import { samePlace } from "./destinations.ts";
import type { CalculationReport } from "./report.ts";

/**
 * The calculators in an order in which each comes after those that it depends on; else in the order given.
 *
 * @throws ConfigError that names the circle, or the class that is not among them.
 */
export function orderCalculators<One extends Calculator>(calculators: readonly One[]): One[] {
  const named = new Map(calculators.map((calculator) => [calculator.name, calculator]));
  if (named.size < calculators.length) {
    const twice = calculators.find((one, at) => calculators.findIndex(({ name }) => name === one.name) !== at);
    throw new ConfigError(`Two calculators are called "${twice?.name}".`, { hint: "Give each its own `name`." });
  }
  const ordered = new Set<One>();
  const visit = (calculator: One, above: readonly One[]): void => {
    if (ordered.has(calculator)) return;
    if (above.includes(calculator)) {
      const circle = [...above.slice(above.indexOf(calculator)), calculator].map(({ name }) => name);
      throw new ConfigError(`The calculators depend on each other in a circle: ${circle.join(" -> ")}.`, {
        hint: "Take one of them out of the other's `dependsOn`.",
      });
    }
    for (const { name } of dependenciesOf(calculator, calculators).calculators) {
      visit(named.get(name) as One, [...above, calculator]);
    }
    ordered.add(calculator);
  };
  for (const calculator of calculators) visit(calculator, []);
  return [...ordered];
}

/** What a calculator depends on: others, and names of sources. */
function dependenciesOf(
  { name, dependsOn = [] }: Calculator,
  all: readonly Calculator[],
): { calculators: Calculator[]; sources: string[] } {
  const calculators: Calculator[] = [];
  const sources: string[] = [];
  for (const dependency of dependsOn) {
    const found = all.find((other) =>
      typeof dependency === "string" ? other.name === dependency : isOf(other, dependency),
    );
    if (found) calculators.push(found);
    else if (typeof dependency === "string") sources.push(dependency);
    else {
      throw new ConfigError(`${name} depends on ${dependency.name}, which is not among the calculators.`, {
        hint: `Give runCalculators an instance of it.${didYouMean(
          dependency.name,
          all.map((other) => other.name),
        )}`,
      });
    }
  }
  return { calculators, sources };
}

function isOf(calculator: Calculator, dependency: Exclude<Dependency, string>): boolean {
  return calculator instanceof dependency;
}

/** The reports of one calculator. */
export interface CalculatorRun {
  /** Its class's name. */
  readonly calculator: string;
  /** One for each source. */
  readonly reports: readonly CalculationReport[];
}

/**
 * Runs calculators in the order of what they depend on. One that depends on others takes their results, read through
 * `request.results`, and the sources that it names, read through `dataSource`; one that depends on nothing takes `request.sources`,
 * or all. What depends on a result that failed fails as well; other results are calculated.
 *
 * @throws ConfigError as `orderCalculators`, before anything is read; and when results are needed and nothing can read them.
 */
export async function runCalculators(
  calculators: readonly Calculator[],
  request: CalculationRequest,
): Promise<CalculatorRun[]> {
  const ordered = orderCalculators(calculators);
  const results =
    request.results ?? (samePlace(request.dataSource, request.dataSaver) ? request.dataSource : undefined);
  const depending = ordered.find((one) => dependenciesOf(one, ordered).calculators.length > 0);
  if (depending && !results) {
    throw new ConfigError(
      `${depending.name} takes results of other calculators, and nothing reads where they are saved.`,
      {
        hint: "Give `results`: a source of the storage that `dataSaver` saves to.",
      },
    );
  }
  const runs: CalculatorRun[] = [];
  for (const calculator of ordered) {
    const needs = dependenciesOf(calculator, ordered);
    const before = runs.filter((run) => needs.calculators.some(({ name }) => name === run.calculator));
    const inputs = inputsOf(calculator.name, needs.sources, before);
    const independent = needs.calculators.length === 0 && needs.sources.length === 0;
    const own: CalculationRequest = independent
      ? request
      : {
          ...request,
          sources: [...inputs.names],
          dataSource: results ? new SplitSource(request.dataSource, results, inputs.results) : request.dataSource,
          results,
        };
    const reports = own.sources?.length === 0 ? [] : await calculator.runCompleteCalculation(own);
    runs.push({ calculator: calculator.name, reports: [...reports, ...inputs.failed] });
  }
  return runs;
}

/** Names to calculate, which of them are results, and reports of those that can't be. */
function inputsOf(
  calculator: string,
  sources: readonly string[],
  before: readonly CalculatorRun[],
): { names: Set<string>; results: Set<string>; failed: CalculationReport[] } {
  const names = new Set(sources);
  const results = new Set<string>();
  const failed: CalculationReport[] = [];
  for (const { calculator: other, reports } of before) {
    for (const { destination, status, reason, error } of reports) {
      if (status === "failed") {
        const cause = new ConfigError(`${calculator} can't take "${destination}": ${other} failed. ${error?.message}`, {
          frame: destination,
          cause: error,
        });
        const name = destination;
        failed.push({
          source: name,
          destination: name,
          rows: 0,
          status,
          reason: null,
          backup: null,
          error: cause,
          durationMs: 0,
        });
      } else if (status === "saved" || reason === "unchanged") {
        if (names.has(destination) && !results.has(destination)) {
          throw new ConflictError(`"${destination}" is a source of ${calculator} and a result of ${other}.`, {
            code: "NAME_CONFLICT",
            hint: "Give the result another name in `destination(source)`.",
          });
        }
        names.add(destination);
        results.add(destination);
      }
    }
  }
  return { names, results, failed };
}

/** Reads results where they are saved, and everything else from the source. */
class SplitSource implements IDataSource {
  readonly #source: IDataSource;
  readonly #results: IDataSource;
  readonly #names: ReadonlySet<string>;

  constructor(source: IDataSource, results: IDataSource, names: ReadonlySet<string>) {
    this.#source = source;
    this.#results = results;
    this.#names = names;
  }

  /** That of the results, where all names are results: then a result must not be saved onto itself. */
  get storageId(): string | undefined {
    return this.#names.size > 0
      ? (this.#results as { storageId?: string }).storageId
      : (this.#source as { storageId?: string }).storageId;
  }

  getData(name: string, options?: ReadOptions) {
    return this.#of(name).getData(name, options);
  }

  async listSources(): Promise<string[]> {
    return [...new Set([...(await this.#source.listSources()), ...this.#names])].sort();
  }

  async healthCheck(): Promise<boolean> {
    return (await this.#source.healthCheck()) && (await this.#results.healthCheck());
  }

  #of(name: string): IDataSource {
    return this.#names.has(name) ? this.#results : this.#source;
  }
}
