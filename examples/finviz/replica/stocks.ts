/** One line of the screener, as the site knows it. */
export interface Stock {
  ticker: string;
  company: string;
  sector: string;
  industry: string;
  country: string;
  marketCap: number;
  pe: number | null;
  price: number;
  /** In percent. */
  change: number;
  volume: number;
  forwardPe: number | null;
  peg: number | null;
  ps: number;
  pb: number;
  /** These in percent. */
  epsGrowth: number | null;
  week: number;
  month: number;
  quarter: number;
  year: number | null;
  volatility: number;
  dividend: number | null;
  averageVolume: number;
  low52: number;
  high52: number;
  employees: number;
  /** When earnings come, as the site writes it. */
  earnings: string | null;
}

const sectors: [sector: string, industry: string][] = [
  ["Technology", "Software - Application"],
  ["Healthcare", "Biotechnology"],
  ["Financial", "Banks - Regional"],
  ["Industrials", "Aerospace & Defense"],
  ["Energy", "Oil & Gas E&P"],
  ["Consumer Cyclical", "Auto Parts"],
  ["Basic Materials", "Gold"],
  ["Real Estate", "REIT - Office"],
];
const first = ["Adler", "Bright", "Cobalt", "Delta", "Elm & Ash", "Falcon", "Grey's", "Harbor", "Ion", "Juniper"];
const second = [
  "Foods",
  "Labs",
  "Motors",
  "<Micro> Systems",
  "Energy",
  "Holdings",
  "Trust",
  "Resources",
  "Café",
  "& Co",
];

/** `count` invented stocks, the same ones for the same seed. */
export function inventStocks(seed: number, count: number): Stock[] {
  const random = generator(seed);
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T;
  const stocks = Array.from({ length: count }, (_, index) => {
    const [sector, industry] = pick(sectors);
    return {
      ticker: tickerOf(index),
      company: `${pick(first)} ${pick(second)}`,
      sector,
      industry,
      country: "USA",
      marketCap: 10 ** (5.5 + random() * 6.5),
      pe: random() < 0.25 ? null : round(4 + random() * 60),
      price: round(1 + random() ** 3 * 900),
      change: round((random() + random() + random() - 1.5) * 6),
      volume: Math.floor(10 ** (3 + random() * 5)),
    };
  });
  // After the rest, whose numbers stay as they were for a seed.
  return stocks.map((stock) => ({ ...stock, ...details(stock.price, stock.volume, random) }));
}

function details(price: number, volume: number, random: () => number) {
  const rarely = (share: number, value: number) => (random() < share ? null : round(value));
  const change = (width: number) => round((random() + random() - 0.9) * width);
  return {
    forwardPe: rarely(0.2, 4 + random() * 50),
    peg: rarely(0.3, random() * 4),
    ps: round(random() * 15),
    pb: round(random() * 12),
    epsGrowth: rarely(0.2, (random() - 0.4) * 90),
    week: change(8),
    month: change(16),
    quarter: change(30),
    year: rarely(0.1, (random() - 0.4) * 160),
    volatility: round(1 + random() * 6),
    dividend: rarely(0.5, random() * 7),
    averageVolume: Math.floor(volume * (0.5 + random())) + 1,
    low52: round(price * (0.4 + random() * 0.5)),
    high52: round(price * (1.1 + random())),
    employees: Math.floor(10 ** (2 + random() * 3.5)),
    earnings:
      random() < 0.2
        ? null
        : `${pick(random, ["Jan", "Apr", "Jul", "Oct"])} ${10 + Math.floor(random() * 18)} ${pick(random, ["BMO", "AMC"])}`,
  };
}

function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** AAA, AAB … in an order that does not look sorted. */
function tickerOf(index: number): string {
  let rest = (index * 7_919 + 4_242) % 17_576;
  let ticker = "";
  for (let letter = 0; letter < 3; letter++) {
    ticker = String.fromCharCode(65 + (rest % 26)) + ticker;
    rest = Math.floor(rest / 26);
  }
  return ticker;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
