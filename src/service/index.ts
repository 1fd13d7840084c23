/**
 * The HTTP service of a project's storages.
 *
 * @module
 */
import "../system/node-version.ts";

export type { ServiceContext, ServicesContext } from "./context.ts";
export { type Served, serve } from "./serve.ts";
export { service } from "./service.ts";
