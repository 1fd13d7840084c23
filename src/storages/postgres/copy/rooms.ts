/**
 * Gives room for bytes that is used again, in turn: what it gave the time before last is overwritten. So one can be filled while
 * the one before is in use, and the garbage collector, which stops everything for each few megabytes, has nothing to do.
 */
export function twoRooms(): (bytes: number) => Buffer {
  let [next, last]: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  return (bytes) => {
    [next, last] = [last, next];
    if (last.length < bytes) last = Buffer.allocUnsafeSlow(bytes);
    return last.subarray(0, bytes);
  };
}
