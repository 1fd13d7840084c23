/** A text with its control characters and the marks that turn its direction escaped: `\\u202e`. Data must steer neither a terminal nor a page. */
export function visibleText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (mark) => short[mark] ?? `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
