import { describe, expect, it } from "vitest";
import { abortable, throwIfAborted } from "../../src/system/abort.ts";

const reason = new Error("enough");

describe("abortable", () => {
  it("gives the work's own outcome when nothing is aborted", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    expect(await abortable(Promise.resolve(1), undefined)).toBe(1);
    await expect(abortable(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });

  it("rejects at once with the signal's reason, and a later failure of the work goes unheard", async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<number>();
    const waiting = abortable(work.promise, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    work.reject(new Error("late"));
    await expect(abortable(Promise.reject(new Error("late")), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("throwIfAborted", () => {
  it("throws the reason, and nothing without a signal", () => {
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
    throwIfAborted(new AbortController().signal);
    throwIfAborted(undefined);
  });
});
