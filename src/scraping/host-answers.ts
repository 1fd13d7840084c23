/** Whether anything answers at that address within 5 s, with a status below 500. */
export async function hostAnswers(url: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const signal = AbortSignal.timeout(4_800);
  const ask = async (method: "HEAD" | "GET") => {
    const { status, body } = await fetch(url, { method, headers, signal });
    await body?.cancel();
    return status;
  };
  const status = await ask("HEAD");
  // Servers that know no HEAD say so by 405 or 501.
  return (status === 405 || status === 501 ? await ask("GET") : status) < 500;
}
