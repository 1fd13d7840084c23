import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, NotFoundError } from "../errors.ts";
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
  const url = pathToFileURL(resolve(file)).href;
  try {
    return await import(url);
  } catch (cause) {
    const missing =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND" && "url" in cause;
    if (missing && cause.url === url) {
      throw new NotFoundError(`There is no file ${file}.${nearestPath(file)}`, { cause, code: "PIPELINE_NOT_FOUND" });
    }
    throw cause;
  }
}

function isPipeline(value: unknown): value is Pipeline {
  if (typeof value !== "object" || value === null) return false;
  const { name, definition, run } = value as Partial<Pipeline>;
  return typeof name === "string" && typeof definition === "object" && typeof run === "function";
}
