import type { FrameSchema } from "./frame-schema.ts";

/** What is known of a frame without reading it. */
export interface FrameDescription {
  /** Its columns. */
  schema: FrameSchema;
  /** Left out when counting would mean reading everything. */
  rows?: number;
  /** Space taken in the storage. */
  bytes: number;
  /** When it was last saved. */
  modified: Date;
  /** The time column that was saved with it. */
  timeColumn?: string;
  /** The key that was saved with it. */
  key?: string[];
}

/** A storage that can describe a frame. */
export interface IDescribe {
  /**
   * What is known of the frame of that name.
   *
   * @throws NotFoundError when nothing has it.
   */
  describe(name: string): Promise<FrameDescription>;
}
