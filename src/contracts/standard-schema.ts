/**
 * What validators such as zod, valibot and ArkType have in common: the interface "Standard Schema", version 1
 * (https://standardschema.dev). `Input` is what may be given, `Output` what comes out.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** Lets this schema stand wherever a Standard Schema may. */
  readonly "~standard": {
    readonly version: 1;
    /** Who made it: `zod`, `valibot`, `millrace` … */
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For the type checker only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The value as it is to be used, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong, and the way to it: keys, or objects that hold one. */
export interface StandardIssue {
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** Where, from the outermost key inwards; missing for the value as a whole. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
