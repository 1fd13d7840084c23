const symbols = ["MILL", "RACE", "GRIST", "WEIR"];
const days = 500;

/** Made-up prices of some 500 days, the same every time: a CSV file with day, symbol, close and volume. */
export function samplePrices(): string {
  const random = generator(7);
  const prices = symbols.map(() => 20 + random() * 100);
  const lines = ["day,symbol,close,volume"];
  for (let day = Date.UTC(2024, 0, 2), made = 0; made < days; day += 86_400_000) {
    if ([0, 6].includes(new Date(day).getUTCDay())) continue;
    made += 1;
    for (const [i, symbol] of symbols.entries()) {
      prices[i] = (prices[i] as number) * (1 + (random() - 0.495) * 0.03);
      const close = Math.round((prices[i] as number) * 100) / 100;
      lines.push(`${new Date(day).toISOString().slice(0, 10)},${symbol},${close},${Math.floor(random() * 1e6)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
