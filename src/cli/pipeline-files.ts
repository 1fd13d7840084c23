import { existsSync, readdirSync } from "node:fs";
import { join, parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, MillraceError, NotFoundError } from "../errors.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { didYouMean } from "../system/nearest.ts";
import { nearestPath } from "./nearest-path.ts";

/** Every pipeline that a file exports. @throws NotFoundError for no such file; ConfigError when it exports none. */
export async function pipelinesIn(file: string): Promise<Pipeline[]> {
  const found: unknown[] = Object.values(await load(file)).flat();
  const pipelines = [...new Set(found)].filter(isPipeline);
  if (pipelines.length > 0) return pipelines;
  throw new ConfigError(`${file} exports no pipeline.`, { hint: "Write `export default definePipeline({ … })`." });
}

/** The one pipeline of a file, or the one of that name. */
export async function pipelineIn(file: string, name: string | undefined): Promise<Pipeline> {
  const pipelines = await pipelinesIn(file);
  const names = pipelines.map((pipeline) => pipeline.name);
  const [only, ...others] = name === undefined ? pipelines : pipelines.filter((pipeline) => pipeline.name === name);
  if (only && others.length === 0) return only;
  if (only)
    throw new ConfigError(`${file} exports several pipelines.`, {
      hint: `Add --pipeline with one of ${names.join(", ")}.`,
    });
  throw new NotFoundError(`${file} exports no pipeline "${name}".${didYouMean(name ?? "", names)}`, {
    code: "PIPELINE_NOT_FOUND",
    hint: `It exports ${names.join(", ")}.`,
  });
}

async function load(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(resolve(meant(file))).href;
  try {
    return await import(url);
  } catch (cause) {
    const missing =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND" && "url" in cause;
    if (missing && cause.url === url) {
      throw noFile(file);
    }
    if (cause instanceof MillraceError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${file} can't be loaded: ${why}`, {
      cause,
      hint: "Mend it; with --verbose the place is shown where it broke.",
    });
  }
}

/** A file in `pipelines/` may be named without its folder and ending. */
function meant(file: string): string {
  const named = existsSync(file) ? undefined : filesOfPipelines(".").find((each) => parse(each).name === file);
  return named === undefined ? file : join("pipelines", named);
}

function noFile(file: string): NotFoundError {
  const near = nearestPath(file, { filesOnly: true });
  const here = near === "" ? filesOfPipelines(".").map((name) => join("pipelines", name)) : [];
  return new NotFoundError(`There is no file ${file}.${near}`, {
    code: "PIPELINE_NOT_FOUND",
    ...(here.length > 0 && { hint: `Name the pipeline's file, such as ${here.slice(0, 3).join(", ")}.` }),
  });
}

/** The files in a folder's `pipelines/`, by name. */
export function filesOfPipelines(folder: string): string[] {
  try {
    return readdirSync(join(folder, "pipelines"))
      .filter((name) => /\.[mc]?[jt]s$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function isPipeline(value: unknown): value is Pipeline {
  if (typeof value !== "object" || value === null) return false;
  const { name, definition, run } = value as Partial<Pipeline>;
  return typeof name === "string" && typeof definition === "object" && typeof run === "function";
}
