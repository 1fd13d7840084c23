/**
 * A body of what comes bit by bit, asked for as fast as the client takes it. The first bit is waited for, so that a failure until
 * then is an ordinary answer; a later one breaks the transfer off, which the client sees.
 */
export async function streamOf(
  bits: AsyncIterator<string | Uint8Array>,
  onError: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const bytesOf = (bit: string | Uint8Array) => (typeof bit === "string" ? encoder.encode(bit) : bit);
  let next = await bits.next();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (next.done) return controller.close();
        controller.enqueue(bytesOf(next.value));
        next = await bits.next();
      } catch (error) {
        onError(error);
        controller.error(error);
      }
    },
    async cancel() {
      await bits.return?.();
    },
  });
}
