import type { FrameSchema } from "./frame-schema.ts";

/** What is known of a frame without reading it. */
export interface FrameDescription {
  schema: FrameSchema;
  /** Left out when counting would mean reading everything. */
  rows?: number;
  /** Space taken in the storage. */
  bytes: number;
  modified: Date;
  timeColumn?: string;
  key?: string[];
}

/** A storage that can describe a frame. */
export interface IDescribe {
  /** @throws NotFoundError when nothing has that name. */
  describe(name: string): Promise<FrameDescription>;
}
