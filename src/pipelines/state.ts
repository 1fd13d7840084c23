import { ConfigError, NotFoundError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { instantOf, instantText } from "./incremental/instant.ts";
import type { ReadyStep } from "./normalize.ts";
import type { PipelineState } from "./pipeline.ts";
import { claimPipeline } from "./run/claim.ts";
import type { Ready } from "./run/run-pipeline.ts";
import { surround } from "./run/surroundings.ts";

/** The cursors of a pipeline, to be looked at and to be set by hand. No run may be under way while they change. */
export function stateOf({ definition, steps }: Ready): PipelineState {
  const { name } = definition;
  const claimed = { onOverlap: "fail", signal: new AbortController().signal } as const;
  return {
    async show(options = {}) {
      await using around = await surround(name, options);
      return await around.ledger.cursors(name);
    },
    async set(reader, value, options = {}) {
      requireReader(steps, reader);
      const text = instantText(instantOf(value, "value"));
      await using around = await surround(name, options);
      await using _ = await claimPipeline(around.ledger, name, claimed);
      await around.ledger.putCursor({ pipeline: name, reader, value: text, run: null, forced: true });
    },
    async reset(reader, options = {}) {
      await using around = await surround(name, options);
      const { ledger } = around;
      await using _ = await claimPipeline(ledger, name, claimed);
      const known = (await ledger.cursors(name)).map((cursor) => cursor.reader);
      if (reader !== undefined && !known.includes(reader)) {
        throw new NotFoundError(`${name} has no cursor "${reader}".${didYouMean(reader, known)}`, {
          code: "RUN_NOT_FOUND",
          hint: known.length > 0 ? `It has ${known.join(", ")}.` : "It has read nothing yet.",
        });
      }
      for (const each of reader === undefined ? known : [reader]) {
        await ledger.putCursor({ pipeline: name, reader: each, value: "", run: null, forced: true });
      }
    },
  };
}

function requireReader(steps: readonly ReadyStep[], reader: string): void {
  const incremental = steps.filter(({ work }) => {
    if (work.kind === "copy") return work.copy.incremental !== undefined;
    return work.kind === "calculate" && work.calculate.incremental !== undefined;
  });
  if (incremental.some(({ name }) => reader.startsWith(`${name}/`) && reader.length > name.length + 1)) return;
  throw new ConfigError(`"${reader}" is no reader of an incremental step.`, {
    hint:
      incremental.length > 0
        ? `Write it step/source, such as ${incremental[0]?.name}/prices.`
        : "No step is incremental.",
  });
}
