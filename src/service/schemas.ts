import { z } from "@hono/zod-openapi";

const answer = z
  .object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }) })
  .openapi("Failure");

const content = { "application/json": { schema: answer } };

/** The answers to a request that failed. */
export const failure = {
  400: { description: "The request is wrong.", content },
  404: { description: "There is no such frame.", content },
  503: { description: "A server or a worker is not available.", content },
} as const;

export const column = z.object({ name: z.string(), type: z.string(), nullable: z.boolean() }).openapi("Column");
