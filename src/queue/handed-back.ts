/** Why a try ended early: another worker may do it now. */
export class HandedBack extends Error {
  override readonly name = "AbortError";
}
